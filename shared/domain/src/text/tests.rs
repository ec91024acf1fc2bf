use super::*;
use proptest::prelude::*;

fn title(text: &str) -> Result<String, String> {
    Text::<200>::try_from(text.to_owned()).map(String::from)
}

fn description(text: &str) -> Result<String, String> {
    Text::<200, true>::try_from(text.to_owned()).map(String::from)
}

#[test]
fn texts_that_look_the_same_are_equal() {
    for (one, other) in [
        ("\u{1100}\u{1161}극장", "가극장"),
        ("cre\u{300}me", "crème"),
        ("Blue  Hall", "Blue Hall"),
        ("Blue\u{a0}Hall", "Blue Hall"),
        ("\u{3000}Blue\u{3000}\u{2003}Hall\u{2800}", "Blue Hall"),
        ("A\u{2800}B", "A B"),
        ("\u{212b}", "å".to_uppercase().as_str()),
    ] {
        assert_eq!(title(one).unwrap(), other, "{one:?}");
        assert!(same_name(one, other), "{one:?}");
    }
    assert_eq!(title("ＡＢＣ").unwrap(), "ＡＢＣ", "width is kept in names");
    assert!(!same_name("A", "B") && !same_name("a", "A"));
}

#[test]
fn invisible_texts_are_blank() {
    for blank in [
        "",
        " ",
        "\u{a0}",
        "\u{3000}",
        "\u{200b}",
        "\u{3164}",
        "\u{ffa0}",
        "\u{115f}\u{1160}",
        "\u{2800}\u{2800}",
        "\u{feff}",
        "\u{ad}",
        "\u{34f}",
        "\u{301}",
        "\u{20dd}",
        "\u{fe0f}",
        "\u{200d}",
        "\u{202e}",
        "\u{2028}",
        "\u{e0041}",
        "\u{1d159}",
        "\u{180e}",
        "\u{17b5}",
        "\u{7}\u{0}",
        " \u{301}\u{200b} ",
    ] {
        assert!(!shows(blank), "{blank:?}");
        assert!(title(blank).is_err() && description(blank).is_err(), "{blank:?}");
    }
    for seen in ["a", "가", "🎫", "\u{10ffff}", "\u{e000}", "\u{378}", "e\u{301}", "\u{600}", "．"] {
        assert!(shows(seen), "{seen:?}");
    }
}

#[test]
fn invisible_characters_in_organizers_texts_are_refused() {
    for refused in [
        "A\u{200b}",
        "\u{feff}A",
        "A\u{ad}B",
        "A\u{202e}B",
        "A\u{2066}B",
        "A\u{200e}",
        "A\u{200d}",
        "A\u{200d}B",
        "A\u{fe0f}",
        "1\u{fe0f}",
        "A\u{e0041}",
        "가\u{3164}",
        "A\u{e0100}",
        "A\u{34f}",
        "A\u{fff9}",
        "🎫\u{200d}A",
        "a\u{7}b",
        "a\nb",
    ] {
        assert!(title(refused).is_err(), "{refused:?}");
    }
    assert_eq!(title("\tAida\n").unwrap(), "Aida");
}

#[test]
fn invisible_characters_stay_if_scripts_or_emoji_need_them() {
    for kept in [
        "👨\u{200d}👩\u{200d}👧",
        "👩🏽\u{200d}🚀",
        "❤\u{fe0f}\u{200d}🔥",
        "1\u{fe0f}\u{20e3}",
        "葛\u{e0100}",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "می\u{200c}خواهم",
        "क्\u{200d}ष",
        "ක්\u{200d}ෂ",
        "ᠭ\u{180b}",
    ] {
        assert_eq!(title(kept).unwrap(), kept, "{kept:?}");
        assert_eq!(clean_line(kept), kept, "{kept:?}");
    }
}

#[test]
fn multi_line_texts_keep_their_lines() {
    assert_eq!(description(" By\r\nVerdi\u{2028}\tand  others\r").unwrap(), "By\nVerdi\n\tand  others");
    assert_eq!(description("cre\u{300}me\u{200b}").unwrap(), "crème\u{200b}");
    assert!(description("a\u{202e}b").is_err() && description("a\u{7}b").is_err());
}

#[test]
fn names_are_cleaned_rather_than_refused() {
    for (name, clean) in [
        ("\u{202e}Kim\u{200b}\r\n\u{feff}Min \u{0}", "Kim Min"),
        ("e\u{200b}\u{301}", "é"),
        ("<b>다나</b> 🎫", "<b>다나</b> 🎫"),
        ("\u{10ffff}", "\u{10ffff}"),
    ] {
        assert_eq!(clean_line(name), clean, "{name:?}");
    }
}

#[test]
fn length_limits_apply_to_the_normalized_text() {
    let short = |text: &str| Text::<2>::try_from(text.to_owned());
    assert!(short("\u{1100}\u{1161}\u{1102}\u{1161}").is_ok() && short("  a  b").is_err() && short("  ab  ").is_ok());
}

#[test]
fn stored_texts_are_read_unchanged() {
    let read = || serde_json::from_str::<Text<2>>("\"\u{200b} A\u{202e}  \"").map(String::from);
    assert!(read().is_err());
    assert_eq!(as_stored(read).unwrap(), "\u{200b} A\u{202e}  ");
    assert!(std::panic::catch_unwind(|| as_stored(|| panic!("on purpose"))).is_err());
    assert!(read().is_err(), "also after a panic");
}

proptest! {
    #[test]
    fn normalization_is_idempotent(text in "\\PC{0,12}|[\u{0}-\u{10ffff}]{0,12}") {
        if let Ok(taken) = title(&text) {
            prop_assert_eq!(title(&taken), Ok(taken));
        }
        let clean = clean_line(&text);
        prop_assert_eq!(clean_line(&clean), clean.clone());
        let key = search_key(&text);
        prop_assert_eq!(search_key(&key), key.clone());
        prop_assert_eq!(typed(&typed(&text)), typed(&text));
    }
}
