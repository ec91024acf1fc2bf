//! The modules of each crate use each other in one direction. Modules of one room (folder) must not form a circle, at
//! any level. A module and its own children count as one.

use super::files;
use crate::harness::root;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use syn::visit::{self, Visit};

/// A path of a module or of an item: `["waiting_room", "line"]`.
type Names = Vec<String>;

/// A crate's source as far as the check reads it.
#[derive(Default)]
struct Crate {
    /// What each module refers to by paths that begin with `crate`, `self` or `super`; resolved to begin at the root.
    uses: BTreeMap<Names, BTreeSet<Names>>,
    /// What a module publishes under another path: `["App"]` is `["runtime", "app", "App"]`.
    aliases: BTreeMap<Names, Names>,
}

/// Reads one file.
struct Reader<'a> {
    module: &'a Names,
    found: &'a mut Crate,
}

impl Reader<'_> {
    /// `path` from the root of the crate; `None` if it begins elsewhere.
    fn resolve(&self, path: &[String]) -> Option<Names> {
        let supers = path.iter().take_while(|name| *name == "super").count();
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([self.module, &path[1..]].concat()),
            "super" => Some([&self.module[..self.module.len().checked_sub(supers)?], &path[supers..]].concat()),
            _ => None,
        }
    }

    fn note(&mut self, path: &[String]) {
        if let Some(path) = self.resolve(path) {
            self.found.uses.entry(self.module.clone()).or_default().insert(path);
        }
    }

    /// Each path of a `use`, with the name that it gets.
    fn imports(tree: &syn::UseTree, prefix: &[String]) -> Vec<(Names, String)> {
        let joined = |name: &syn::Ident| [prefix, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => Self::imports(&path.tree, &joined(&path.ident)),
            syn::UseTree::Name(name) if name.ident == "self" => {
                vec![(prefix.to_vec(), prefix.last().cloned().unwrap_or_default())]
            }
            syn::UseTree::Name(name) => vec![(joined(&name.ident), name.ident.to_string())],
            syn::UseTree::Rename(rename) => vec![(joined(&rename.ident), rename.rename.to_string())],
            syn::UseTree::Glob(_) => vec![(prefix.to_vec(), String::new())],
            syn::UseTree::Group(group) => group.items.iter().flat_map(|tree| Self::imports(tree, prefix)).collect(),
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && matches!(&attribute.meta, syn::Meta::List(list) if list.tokens.to_string() == "test")
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_none() || is_test(&item.attrs) {
            return;
        }
        let module = [self.module.as_slice(), &[item.ident.to_string()]].concat();
        visit::visit_item_mod(&mut Reader { module: &module, found: self.found }, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if is_test(&item.attrs) {
            return;
        }
        for (path, name) in Self::imports(&item.tree, &[]) {
            self.note(&path);
            // Modules are published by paths without a prefix, too.
            let published = self.resolve(&path).unwrap_or_else(|| [self.module.as_slice(), &path].concat());
            if !matches!(item.vis, syn::Visibility::Inherited) && !name.is_empty() {
                self.found.aliases.insert([self.module.as_slice(), &[name]].concat(), published);
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.note(&path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>());
        visit::visit_path(self, path);
    }
}

impl Crate {
    fn read(folder: &Path) -> Self {
        let (mut found, source) = (Self::default(), folder.join("src"));
        for file in files(folder.join("src").to_str().expect("a path"), "rs") {
            let path = file.strip_prefix(&source).expect("a file of the crate").with_extension("");
            let mut module: Names = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if module.contains(&"bin".to_owned()) || module.iter().any(|name| name == "tests") {
                continue;
            }
            module.retain(|name| !["lib", "main", "mod"].contains(&name.as_str()));
            let parsed = syn::parse_file(&fs::read_to_string(&file).expect("a text")).expect("it compiles");
            found.uses.entry(module.clone()).or_default();
            Reader { module: &module, found: &mut found }.visit_file(&parsed);
        }
        found
    }

    /// The module that has the item at `path`.
    fn module_of(&self, path: &[String]) -> Names {
        let mut path = path.to_vec();
        // The longest alias first: an item that is published under another path belongs to where it is.
        for _ in 0..8 {
            let known = (1..=path.len()).rev().find(|length| self.aliases.contains_key(&path[..*length]));
            let Some(length) = known else { break };
            let real = [self.aliases[&path[..length]].as_slice(), &path[length..]].concat();
            if real == path {
                break;
            }
            path = real;
        }
        let length = (0..=path.len()).rev().find(|length| self.uses.contains_key(&path[..*length]));
        path[..length.unwrap_or_default()].to_vec()
    }

    /// For each room, which of its modules uses which other.
    fn rooms(&self) -> BTreeMap<Names, Room> {
        let mut rooms: BTreeMap<Names, Room> = BTreeMap::new();
        for (from, paths) in &self.uses {
            for path in paths {
                let to = self.module_of(path);
                let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
                if let (Some(user), Some(used)) = (from.get(shared), to.get(shared)) {
                    let room = rooms.entry(from[..shared].to_vec()).or_default();
                    let example = format!("{} uses {}", from.join("::"), path.join("::"));
                    room.entry(user.clone()).or_default().insert(used.clone(), example);
                }
            }
        }
        rooms
    }
}

/// The modules of a room: what each of them uses, with an example.
type Room = BTreeMap<String, BTreeMap<String, String>>;

/// A circle in `room`, if there is one: modules of which each uses the next.
fn circle(room: &Room) -> Option<Names> {
    fn visit(at: &str, room: &Room, way: &mut Names, done: &mut BTreeSet<String>) -> bool {
        if let Some(begin) = way.iter().position(|name| name == at) {
            way.drain(..begin);
            return true;
        }
        if !done.insert(at.to_owned()) {
            return false;
        }
        way.push(at.to_owned());
        let circular = room.get(at).is_some_and(|used| used.keys().any(|next| visit(next, room, way, done)));
        if !circular {
            way.pop();
        }
        circular
    }
    let (mut way, mut done) = (Names::new(), BTreeSet::new());
    room.keys().any(|name| visit(name, room, &mut way, &mut done)).then_some(way)
}

#[test]
fn modules_have_no_cycles() {
    let mut circles = Vec::new();
    for folder in ["shared", "functions", "infra"] {
        for manifest in files(folder, "toml").iter().filter(|path| path.ends_with("Cargo.toml")) {
            let folder = manifest.parent().expect("a folder");
            let name = folder.strip_prefix(root()).expect("a folder of the workspace").display();
            for room in Crate::read(folder).rooms().values() {
                let Some(way) = circle(room) else { continue };
                let steps = way.iter().zip(way.iter().cycle().skip(1));
                circles.extend(steps.map(|(user, used)| format!("{name}: {}", room[user][used])));
            }
        }
    }
    assert!(circles.is_empty(), "modules use each other in a circle:\n{}", circles.join("\n"));
}

#[test]
fn a_circle_is_found_through_imports_paths_and_aliases() {
    let read = |sources: &[(&str, &str)]| {
        let mut found = Crate::default();
        for (module, source) in sources {
            let module: Names = module.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
            found.uses.entry(module.clone()).or_default();
            Reader { module: &module, found: &mut found }.visit_file(&syn::parse_file(source).expect("Rust"));
        }
        found.rooms().values().find_map(circle)
    };
    let root = ("", "mod a; mod b; mod c; pub use b::Thing;");
    let (b, c) = (("b", "use super::c::f;"), ("c", "fn f() { crate::a::g() }"));
    let expected = Some(["a", "b", "c"].map(str::to_owned).to_vec());
    assert_eq!(read(&[root, ("a", "use crate::{Thing};"), b, c]), expected);
    assert_eq!(read(&[root, ("a", "fn g(_: crate::Thing) {}"), b, c]), expected);
    assert_eq!(read(&[root, ("a", "fn g() {}"), b, c]), None);
    assert_eq!(read(&[root, ("a", "#[cfg(test)] mod tests { use crate::Thing; }"), b, c]), None);
    // A module and its children count as one, and the children are a room of their own.
    let inner = [("a", "mod x; mod y;"), ("a::x", "use super::{y, g};"), ("a::y", "")];
    assert_eq!(read(&inner), None);
    let inner = [("a", "mod x; mod y;"), ("a::x", "use super::y;"), ("a::y", "fn f() { crate::a::x::f() }")];
    assert_eq!(read(&inner), Some(["x", "y"].map(str::to_owned).to_vec()));
}
