//! The guides name what the template and the tests have.

use super::{files, read, stem};
use crate::harness::{root, template::Template};
use std::{collections::BTreeSet, fs, path::PathBuf};

/// The body of the section with that heading.
fn section<'a>(markdown: &'a str, heading: &str) -> &'a str {
    let (_, rest) = markdown.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    rest.split("\n## ").next().expect("a section")
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
    let workers = files("functions/workers/src/bin", "rs").iter().map(|file| stem(file)).collect();
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
