//! The guides: their links work, and they name what the template and the tests contain.

use super::{files, read};
use crate::harness::{root, template::Template};
use frontrow_workers::WORKERS;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Short enough for a newcomer to read to the end.
const README_MAX_BYTES: usize = 9_000;

#[test]
fn the_readme_stays_short() {
    let bytes = read("README.md").len();
    assert!(bytes <= README_MAX_BYTES, "README.md has {bytes} bytes; move details next to what they describe");
}

/// Lines outside code blocks, without inline code.
fn prose(markdown: &str) -> Vec<String> {
    let mut in_code = false;
    let mut lines = Vec::new();
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            lines.push(line.split('`').step_by(2).collect());
        }
    }
    lines
}

/// Targets of `[text](target)`.
fn links(markdown: &str) -> Vec<String> {
    let text = prose(markdown).join("\n");
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// The anchors that GitHub gives to headings.
fn anchors(markdown: &str) -> BTreeSet<String> {
    let markdown =
        markdown.lines().map(|line| if line.starts_with('#') { line.replace('`', "") } else { line.to_owned() });
    let lines = prose(&markdown.collect::<Vec<_>>().join("\n"));
    let headings = lines.iter().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept = heading.chars().filter(|character| character.is_alphanumeric() || " -_".contains(*character));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

/// Why `link`, in a file of `folder`, is broken.
fn broken(folder: &Path, file: &Path, link: &str) -> Option<String> {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() { file.to_owned() } else { folder.join(path) };
    if !target.exists() {
        return Some(format!("{}: no file {link}", file.display()));
    }
    let found = anchor.is_empty() || fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(anchor));
    (!found).then(|| format!("{}: no heading {link}", file.display()))
}

#[test]
fn each_link_leads_somewhere() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for file in files("", "md") {
        let text = fs::read_to_string(&file).expect("a document");
        let folder = file.parent().expect("a folder");
        for link in links(&text).iter().filter(|link| !link.contains("://")) {
            seen += 1;
            wrong.extend(broken(folder, &file, link));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 50, "only {seen} links were found");
}

#[test]
fn a_broken_link_is_found() {
    let file = root().join("README.md");
    let wrong = |link: &str| broken(root().as_ref(), &file, link).is_some();
    assert!(wrong("nowhere.md") && wrong("#nowhere") && wrong("shared/README.md#nowhere"));
    assert!(!wrong("shared/README.md#glossary") && !wrong("#run-it") && !wrong("infra/events"));
    assert_eq!(links("[a](b.md#c) `[d](e)`\n```\n[f](g)\n```\n"), ["b.md#c"]);
    assert_eq!(anchors("# `a_b` and, C!\n```sh\n# d\n```\n"), ["a_b-and-c".to_owned()].into());
}

/// The body of the section with that heading.
fn section<'a>(markdown: &'a str, heading: &str) -> &'a str {
    let (_, rest) = markdown.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    rest.split("\n## ").next().expect("a section")
}

#[test]
fn the_readme_repeats_the_guides_word_by_word() {
    let (readme, shared) = (read("README.md"), read("shared/README.md"));
    let invariants: Vec<_> = section(&readme, "## Invariants").lines().filter(|line| line.starts_with("- ")).collect();
    assert_eq!(invariants.len(), 6);
    for invariant in invariants {
        assert!(shared.contains(invariant), "shared/README.md does not say: {invariant}");
    }
    let conditions: Vec<_> = readme.split('`').skip(1).step_by(2).filter(|code| code.contains("= :")).collect();
    assert_eq!(conditions.len(), 2);
    for condition in conditions {
        assert!(read("shared/store/src/conditions.rs").contains(condition), "there is no condition {condition}");
    }
    let (readme, guide) = (section(&readme, "## Deploy"), read("infra/DEPLOY.md"));
    let block = |text: &str| text.split("```").nth(1).map(str::to_owned).expect("a block");
    assert_eq!(block(readme), block(section(&guide, "## Deploy")));
}

/// The names in backticks in the first column of a section's table.
fn rows(markdown: &str) -> BTreeSet<String> {
    let cells = markdown.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    cells.flat_map(|cell| cell.split('`').step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn the_guides_name_every_parameter_alarm_and_worker() {
    let template = Template::read();
    let parameters = template.0["Parameters"].as_object().expect("parameters").keys();
    let alarms = template.resources("AWS::CloudWatch::Alarm").map(|(name, _)| name.to_owned());
    let workers = WORKERS.iter().map(|worker| worker.function.name.to_owned()).collect();
    for (guide, heading, expected) in [
        ("infra/DEPLOY.md", "## Parameters", parameters.cloned().collect()),
        ("infra/RUNBOOK.md", "## Alarms", alarms.collect()),
        ("functions/README.md", "## Workers", workers),
    ] {
        assert_eq!(rows(section(&read(guide), heading)), expected, "{guide}: {heading}");
    }
}

/// The file and the function of `routes::shows::list_shows::happy_path`.
fn test_of(path: &str) -> (PathBuf, String) {
    let (modules, test) = path.rsplit_once("::").expect("a module and a test");
    let module = root().join("tests").join(modules.replace("::", "/"));
    let beside = module.with_extension("rs");
    let file = if beside.exists() { beside } else { module.join("mod.rs") };
    (file, format!("fn {test}()"))
}

#[test]
fn a_test_is_named_for_each_requirement() {
    let guide = read("tests/README.md");
    let groups = [("M", 2), ("C", 7), ("Q", 7), ("H", 4), ("P", 2), ("R", 8), ("T", 4), ("E", 7)];
    let requirements =
        groups.iter().flat_map(|(group, count)| (1..=*count).map(move |number| format!("{group}{number}")));
    for requirement in requirements {
        let row = guide.lines().find(|line| line.starts_with(&format!("| {requirement} |")));
        let row = row.unwrap_or_else(|| panic!("no row for {requirement}"));
        let tests: Vec<&str> = row.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect();
        assert!(!tests.is_empty(), "no test for {requirement}");
        for path in tests {
            let (file, test) = test_of(path);
            let source = fs::read_to_string(&file).unwrap_or_default();
            assert!(source.contains(&test), "{requirement}: no {test} in {}", file.display());
        }
    }
}

#[test]
fn each_test_command_runs_a_module() {
    let modules: BTreeSet<String> = files("tests", "rs")
        .iter()
        .flat_map(|file| [Some(file.as_path()), file.parent()])
        .flatten()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    let guides = files("", "md").into_iter().map(|file| fs::read_to_string(file).expect("a document"));
    let guides = guides.collect::<Vec<_>>().join("\n");
    let commands = guides.split("cargo test -p frontrow-tests ").skip(1);
    let filters: BTreeSet<_> = commands
        .map(|rest| rest.trim_start_matches("-- ").split([' ', '`', '\n']).next().expect("a filter"))
        .filter(|filter| !filter.starts_with('<'))
        .collect();
    assert!(filters.len() > 10, "{filters:?}");
    for filter in filters {
        assert!(modules.contains(filter), "cargo test -p frontrow-tests {filter} runs nothing");
    }
}
