//! Text that members type about themselves: the same letters are the same on every keyboard.

use crate::{
    harness::World,
    routes::{
        complaint,
        members::{log_in, sign_up_body},
    },
};
use frontrow_domain::member::EmailAddress;
use frontrow_local::Options;
use serde_json::{Value, json};

/// `비밀번호는길게열자`, as macOS types it.
const DECOMPOSED: &str = "\u{1107}\u{1175}\u{1106}\u{1175}\u{11af}\u{1107}\u{1165}\u{11ab}\u{1112}\u{1169}\u{1102}\u{1173}\
    \u{11ab}\u{1100}\u{1175}\u{11af}\u{1100}\u{1166}\u{110b}\u{1167}\u{11af}\u{110c}\u{1161}";
const COMPOSED: &str = "비밀번호는길게열자";

/// A sign-up of `email` with that password and name.
async fn body(world: &World, email: &str, password: &str, name: &str) -> Value {
    let mut body = sign_up_body(world, email).await;
    (body["password"], body["name"]) = (json!(password), json!(name));
    body
}

#[tokio::test]
async fn a_password_works_from_any_keyboard() {
    World::run(async |world| {
        let anyone = world.anyone();
        for (email, chosen, others) in [
            ("a@example.com", COMPOSED, [COMPOSED, DECOMPOSED]),
            ("b@example.com", DECOMPOSED, [DECOMPOSED, COMPOSED]),
            ("c@example.com", "crème brûlée 1", ["cre\u{300}me bru\u{302}le\u{301}e 1", "ｃrème\u{a0}brûlée １"]),
        ] {
            anyone.post("/members", body(world, email, chosen, "Kim").await).await.expect(201);
            for typed in others {
                log_in(world, email, typed).await.expect(200);
            }
            log_in(world, email, "another one").await.problem(401, "wrong_credentials");
        }
        let reset = sign_up_body(world, "a@example.com").await;
        let reset =
            json!({"verificationId": reset["verificationId"], "code": reset["code"], "password": "ｎｅｗ　ｐａｓｓ"});
        anyone.put("/members/password", reset).await.expect(204);
        log_in(world, "a@example.com", "new pass").await.expect(200);
        // Four letters of three parts each.
        let short = body(world, "d@example.com", &"\u{1100}\u{1161}\u{11a8}".repeat(4), "Kim").await;
        assert_eq!(complaint(anyone.post("/members", short).await), "password");
    })
    .await;
}

#[tokio::test]
async fn a_name_consists_of_its_visible_characters() {
    World::run(async |world| {
        let anyone = world.anyone();
        for blank in ["\u{200b}", "\u{3164}", "\u{2800}\u{a0}", "\u{301}", "\u{202e}\u{200d}", "\r\n\u{0}"] {
            let blank = body(world, "a@example.com", "correct horse", blank).await;
            assert_eq!(complaint(anyone.post("/members", blank).await), "name");
            world.advance_seconds(3600);
        }
        for (number, (given, shown)) in [
            ("\u{1100}\u{1175}\u{11b7}\u{1106}\u{1175}\u{11ab}", "김민"),
            ("\u{202e}Kim\u{feff}\r\n Min", "Kim Min"),
            ("👩🏽\u{200d}🚀 <b>", "👩🏽\u{200d}🚀 <b>"),
            ("\u{10ffff}", "\u{10ffff}"),
        ]
        .into_iter()
        .enumerate()
        {
            let body = body(world, &format!("b{number}@example.com"), "correct horse", given).await;
            assert_eq!(anyone.post("/members", body).await.expect(201).text("name"), shown);
        }
    })
    .await;
}

#[tokio::test]
async fn spellings_of_an_address_are_one_member() {
    let organizer = EmailAddress::try_from("md@한국.com".to_owned()).unwrap();
    let options = Options { demo: false, organizer_emails: [organizer].into(), ..Options::default() };
    World::run_with(options, async |world| {
        let anyone = world.anyone();
        let made = anyone.post("/members", sign_up_body(world, "kim@bücher.example").await).await.expect(201);
        assert_eq!(made.text("email"), "kim@xn--bcher-kva.example");
        for spelling in ["KIM@BU\u{308}CHER.example", "kim@xn--bcher-kva.example", "kim@ｂücher。ｅxample"] {
            let session = log_in(world, spelling, "correct horse").await.expect(200);
            assert_eq!(session.json["member"]["memberId"], made.json["memberId"], "{spelling}");
            let again = sign_up_body(world, spelling).await;
            anyone.post("/members", again.clone()).await.problem(409, "email_taken");
            // Verified in one spelling, signed up in another.
            let mut other = again;
            other["email"] = json!("kim@bücher.example");
            anyone.post("/members", other).await.problem(409, "email_taken");
        }
        let mails = world.mails_to("kim@xn--bcher-kva.example").await;
        assert_eq!(mails.len(), 4, "all codes go to the A-labels");
        let asked = anyone.post("/email-verifications", json!({"email": "Kim@Bücher.example"})).await;
        asked.expect(202);
        let limit = anyone.post("/email-verifications", json!({"email": "kim@xn--bcher-kva.example"})).await;
        limit.problem(429, "too_many_requests");
        let organizer = sign_up_body(world, "md@xn--3e0b707e.com").await;
        assert_eq!(anyone.post("/members", organizer).await.expect(201).text("role"), "organizer");
        for bad in ["kim@bü cher.example", "kim@xn--a.example", "kim@-ü-.example", "한글@example.com"] {
            assert_eq!(complaint(anyone.post("/email-verifications", json!({"email": bad})).await), "email", "{bad}");
        }
    })
    .await;
}

/// A code is checked after it is cleaned, and text that cannot be a code costs no attempt.
#[tokio::test]
async fn a_pasted_code_is_accepted_in_any_form() {
    World::run(async |world| {
        let anyone = world.anyone();
        let clean = |code: &str| code.to_owned();
        let wide = |code: &str| code.chars().map(|digit| char::from_u32(digit as u32 + 0xfee0).unwrap()).collect();
        let spaced = |code: &str| format!(" {}\u{a0}{}\r\n", &code[..3], &code[3..]);
        let hyphened = |code: &str| format!("\u{feff}{}-{}\u{200b}", &code[..3], &code[3..]);
        let pastes: [&dyn Fn(&str) -> String; 4] = [&clean, &wide, &spaced, &hyphened];
        for (number, paste) in pastes.into_iter().enumerate() {
            let mut body = sign_up_body(world, &format!("p{number}@example.com")).await;
            let code = body["code"].as_str().unwrap().to_owned();
            for malformed in ["", "12345", "1234567", "sesame", "١٢٣٤٥٦", &format!("{code} {code}")] {
                body["code"] = json!(malformed);
                assert_eq!(complaint(anyone.post("/members", body.clone()).await), "code", "{malformed}");
                let reset =
                    json!({"verificationId": body["verificationId"], "code": malformed, "password": "battery staple"});
                assert_eq!(complaint(anyone.put("/members/password", reset).await), "code", "{malformed}");
            }
            body["code"] = json!(paste(&code));
            anyone.post("/members", body).await.expect(201);
        }
    })
    .await;
}
