//! Every endpoint, one file each, grouped by resource. [`ENDPOINTS`] is the only list of routes.

use frontrow_edge::Descriptor;

/// All endpoints, in the order in which documents list them.
pub const ENDPOINTS: &[Descriptor] = &[];
