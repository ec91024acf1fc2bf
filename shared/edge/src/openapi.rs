//! The OpenAPI document of a list of endpoints, made from their declarations.
