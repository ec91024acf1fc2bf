//! Responses that are rendered once and sent many times: the map of a large house is several megabytes of JSON.

use crate::{accepts, answer::Reply, limits::RENDERINGS_MAX};
use frontrow_domain::{Error, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use std::{
    collections::HashMap,
    marker::PhantomData,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// A rendered `T`.
#[derive(Debug)]
pub struct Rendered<T> {
    bodies: Arc<Bodies>,
    shape: PhantomData<fn() -> T>,
}

#[derive(Debug)]
struct Bodies {
    json: Vec<u8>,
    gzip: OnceLock<Vec<u8>>,
}

impl<T> Rendered<T> {
    /// Renders `value`, a `T` with any lifetime.
    pub fn of(value: &impl Serialize) -> Self {
        let json = serde_json::to_vec(value).expect("replies are plain data");
        Self::from(Arc::new(Bodies { json, gzip: OnceLock::new() }))
    }
}

impl<T> From<Arc<Bodies>> for Rendered<T> {
    fn from(bodies: Arc<Bodies>) -> Self {
        Self { bodies, shape: PhantomData }
    }
}

impl<T: JsonSchema> Reply for Rendered<T> {
    fn encode(&self) -> Option<(&'static str, Vec<u8>)> {
        Some(("application/json", self.bodies.json.clone()))
    }
    fn gzipped(&self) -> Option<Vec<u8>> {
        self.bodies.gzip.get().cloned()
    }
    fn schema(generator: &mut SchemaGenerator) -> Option<(&'static str, Schema)> {
        Some(("application/json", generator.subschema_for::<T>()))
    }
}

/// The latest rendering of a name, with its version.
type Slot = Arc<tokio::sync::Mutex<Option<(String, Arc<Bodies>)>>>;

/// This process's render_cache by name, the latest of each. They must contain no personal data.
#[derive(Debug, Clone, Default)]
pub struct RenderCache(Arc<Mutex<HashMap<String, Slot>>>);

impl RenderCache {
    /// The rendering of `name` if it has that version, otherwise the result of `render`, which runs on its own thread
    /// because it takes too long to stall others. With `gzip`, it is compressed there, too. Of many concurrent
    /// callers one renders, and the others wait for it.
    ///
    /// # Errors
    /// [`Error::Internal`] if that thread panicked.
    pub(crate) async fn get<T: 'static>(
        &self,
        name: &str,
        version: &str,
        gzip: bool,
        render: impl FnOnce() -> Rendered<T> + Send + 'static,
    ) -> Result<Rendered<T>> {
        let slot = self.slot(name);
        let mut newest = slot.lock().await;
        let known = newest.as_ref().filter(|(of, _)| of == version).map(|(_, bodies)| Arc::clone(bodies));
        if let Some(bodies) = known.as_ref().filter(|bodies| !gzip || bodies.gzip.get().is_some()) {
            return Ok(Arc::clone(bodies).into());
        }
        let working = tokio::task::spawn_blocking(move || {
            let bodies = known.unwrap_or_else(|| render().bodies);
            if gzip {
                bodies.gzip.get_or_init(|| accepts::gzip(&bodies.json));
            }
            bodies
        });
        let bodies = working.await.map_err(|error| Error::internal("render a response", error))?;
        *newest = Some((version.to_owned(), Arc::clone(&bodies)));
        Ok(bodies.into())
    }

    fn slot(&self, name: &str) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= RENDERINGS_MAX && !slots.contains_key(name) {
            slots.clear();
        }
        Arc::clone(slots.entry(name.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn a_version_is_rendered_once_and_compressed_on_request() {
        let (render_cache, made) = (RenderCache::default(), Arc::new(AtomicUsize::new(0)));
        let get = async |name: &str, version: &str, gzip: bool| -> Rendered<String> {
            let made = Arc::clone(&made);
            let render = move || Rendered::of(&format!("{}", made.fetch_add(1, Ordering::Relaxed)));
            render_cache.get(name, version, gzip, render).await.unwrap()
        };
        let json = |rendered: Rendered<String>| String::from_utf8(rendered.encode().unwrap().1).unwrap();
        assert_eq!(json(get("a", "1", false).await), "\"0\"");
        assert!(get("a", "1", false).await.gzipped().is_none());
        assert!(get("a", "1", true).await.gzipped().is_some());
        assert_eq!(json(get("a", "1", false).await), "\"0\"");
        assert_eq!(json(get("a", "2", true).await), "\"1\"");
        assert_eq!(json(get("b", "2", false).await), "\"2\"");
        for name in ["c", "d", "e"] {
            get(name, "1", false).await;
        }
        assert!(render_cache.0.lock().unwrap().len() <= RENDERINGS_MAX);
    }
}
