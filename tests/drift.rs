//! Duplicated facts are checked against each other here: routes, their tests, their binaries, the documents, the
//! template; and dependencies between crates.

mod alarms;
mod documents;
mod modules;
mod resources;
mod services;
mod template;

use crate::harness::{World, root, template::pascal_case};
use frontrow_edge::Descriptor;
use frontrow_endpoints::{ENDPOINTS, UNMATCHED};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files under `folder` with that extension, without build output.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let hidden = path.file_name().is_some_and(|name| name == "target" || name.as_encoded_bytes()[0] == b'.');
            if path.is_dir() && !hidden {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("a name").to_string_lossy().into_owned()
}

/// Operations with the folder of their file; empty for files outside the folders.
fn operations() -> BTreeMap<&'static str, String> {
    let endpoints = ENDPOINTS.iter().chain([&UNMATCHED]);
    let operation = |endpoint: &Descriptor| {
        let modules: Vec<_> = (endpoint.type_name)().split("::").collect();
        let (kind, modules) = modules.split_last().expect("a type");
        let (module, folders) = modules.split_last().expect("a module");
        let operation = endpoint.route.operation();
        assert_eq!(
            (*module, *kind),
            (operation, &*pascal_case(operation)),
            "file and type are named after the operation"
        );
        (operation, folders[1..].join("/"))
    };
    endpoints.map(operation).collect()
}

#[test]
fn each_endpoint_is_routed_once() {
    let operations = operations();
    assert_eq!(operations.len(), ENDPOINTS.len() + 1, "operations are unique");
    let calls: BTreeSet<_> = ENDPOINTS.iter().map(|one| (one.route.path, one.route.method.as_str())).collect();
    assert_eq!(calls.len(), ENDPOINTS.len(), "method and path are unique");
    let sources = files("functions/endpoints/src", "rs").into_iter();
    let declared = sources.filter(|file| code(file).contains("impl Endpoint for ")).map(|file| stem(&file));
    assert_eq!(declared.collect::<BTreeSet<_>>(), operations.into_keys().map(str::to_owned).collect());
}

#[test]
fn each_operation_is_tested() {
    let mut untested = Vec::new();
    for (operation, group) in operations() {
        let path = root().join("tests/routes").join(&group).join(format!("{operation}.rs"));
        let source = fs::read_to_string(&path).unwrap_or_default();
        let module = root().join("tests/routes").join(&group).join("mod.rs");
        let registered = fs::read_to_string(&module).unwrap_or_default().contains(&format!("mod {operation};"));
        for test in ["happy_path", "unauthorized"] {
            let tested = source.split("#[tokio::test").any(|part| {
                part.split_once("]\n").is_some_and(|(_, rest)| rest.starts_with(&format!("async fn {test}() {{")))
            });
            if !tested || !registered {
                untested.push(format!("{}: {test}", path.display()));
            }
        }
    }
    assert!(untested.is_empty(), "missing tests: {untested:#?}");
}

#[tokio::test]
async fn the_openapi_document_is_served() {
    let document = frontrow_edge::openapi::document(ENDPOINTS);
    for endpoint in ENDPOINTS {
        let method = endpoint.route.method.as_str().to_lowercase();
        assert_eq!(document["paths"][endpoint.route.path][method]["operationId"], endpoint.route.operation());
    }
    World::run(async |world| {
        let served = world.anyone().get("/openapi.json").await.expect(200);
        assert!(served.json == document && served.header("content-type") == "application/json");
    })
    .await;
}

/// What a page loads: targets of `src` and `href`.
fn targets(html: &str) -> Vec<String> {
    let of = |attribute: &str| {
        let parts = html.split(attribute).skip(1);
        parts.filter_map(|part| part.split('"').next().map(str::to_owned)).collect::<Vec<_>>()
    };
    [of("src=\""), of("href=\"")].concat()
}

#[tokio::test]
async fn the_documents_page_loads_nothing_from_elsewhere() {
    World::run(async |world| {
        let page = world.anyone().get("/docs").await.expect(200);
        assert!(page.header("content-type").starts_with("text/html"));
        let html = String::from_utf8(page.bytes.clone()).expect("text");
        let targets = targets(&html);
        assert!(targets.iter().any(|target| target.ends_with(".js")), "{html}");
        for target in targets.iter().filter(|target| !target.ends_with('/')) {
            assert!(!target.contains("//"), "{target} is elsewhere");
            let file = world.anyone().get(&format!("/docs/{}", target.trim_start_matches("./"))).await.expect(200);
            if target.ends_with(".css") {
                let text = String::from_utf8_lossy(&file.bytes).into_owned();
                assert!(!text.contains("url(http") && !text.contains("@import"), "{target}");
            }
        }
        let settings = world.anyone().get("/docs/swagger-initializer.js").await.expect(200);
        let settings = String::from_utf8(settings.bytes).expect("text");
        assert!(settings.contains("/openapi.json") && !settings.contains("http"), "{settings}");
    })
    .await;
}

#[test]
fn source_files_stay_short() {
    for folder in ["shared", "functions", "infra", "tests"] {
        for file in files(folder, "rs") {
            let lines = fs::read_to_string(&file).expect("a source file").lines().count();
            assert!(lines <= 400, "{} has {lines} lines", file.display());
        }
    }
}

/// Code without comments.
fn code(file: &Path) -> String {
    let source = fs::read_to_string(file).expect("a source file");
    source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_domain_is_pure() {
    for file in files("shared/domain", "rs") {
        for banned in ["aws_", "tokio", "std::env", "std::fs", "std::net", "async fn", ".await", "::now("] {
            assert!(!code(&file).contains(banned), "{} has {banned}", file.display());
        }
    }
    let manifest = read("shared/domain/Cargo.toml");
    for banned in ["aws", "tokio", "lambda", "frontrow-store", "frontrow-edge"] {
        assert!(!manifest.contains(banned), "shared/domain depends on {banned}");
    }
}

/// Crates of this platform whose manifests name `dependency`.
fn dependents(dependency: &str) -> BTreeSet<String> {
    let crates =
        ["shared/domain", "shared/store", "shared/edge", "functions/endpoints", "functions/workers", "infra/local"];
    let names = |it: &&&str| read(format!("{it}/Cargo.toml")).lines().any(|line| line.starts_with(dependency));
    crates.iter().filter(names).map(|it| (*it).to_owned()).collect()
}

#[test]
fn each_crate_depends_only_on_allowed_crates() {
    // `edge` creates the client, and a worker's tests create a table; only the store uses the operations.
    assert_eq!(
        dependents("aws-sdk-dynamodb"),
        ["functions/workers", "shared/edge", "shared/store"].map(str::to_owned).into()
    );
    assert_eq!(dependents("lambda_http"), ["infra/local", "shared/edge"].map(str::to_owned).into());
    let outside = ["shared/domain", "shared/edge", "functions", "infra"].map(|folder| files(folder, "rs")).concat();
    for file in outside.iter().filter(|file| !file.ends_with("tests.rs")) {
        // Message attributes belong to SQS.
        let code = code(file).replace("MessageAttributeValue", "");
        for banned in ["aws_sdk_dynamodb::operation", "AttributeValue", "key_condition_expression", "put_item()"] {
            assert!(!code.contains(banned), "{} speaks DynamoDB: {banned}", file.display());
        }
    }
    for (knows_not, folder) in [("frontrow_edge", "shared/store"), ("frontrow_endpoints", "functions/workers")] {
        for file in files(folder, "rs") {
            assert!(!code(&file).contains(knows_not), "{} knows {knows_not}", file.display());
        }
    }
}

/// The packages of `arguments` with their features, as in a build of them.
fn features(arguments: &[&str]) -> BTreeSet<String> {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.current_dir(root()).args(["tree", "--offline", "--prefix", "none", "--format", "{p} {f}"]).args(arguments);
    let told = cargo.output().expect("cargo runs");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let lines = String::from_utf8(told.stdout).expect("a text");
    lines.lines().map(|line| line.trim_end_matches(" (*)").trim_end().to_owned()).collect()
}

/// A dependency with other features in the tests than in the stack is compiled twice.
#[test]
fn tests_compile_no_dependency_of_the_stack_again() {
    let run = features(&["--package", "frontrow-local", "--edges", "normal,build"]);
    let tests = features(&["--workspace"]);
    let again: Vec<_> = run.difference(&tests).collect();
    assert!(again.is_empty(), "share these features, see infra/local/Cargo.toml: {again:#?}");
}
