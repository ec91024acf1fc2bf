//! What a function is allowed and given: the template's functions, roles and variables are generated from it.

use crate::{Queue, Secret};

/// A DynamoDB action on the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each variant is the action of that name")]
pub enum TableAction {
    BatchGetItem,
    DeleteItem,
    GetItem,
    PutItem,
    Query,
    UpdateItem,
}

impl TableAction {
    /// The name in IAM policies: `dynamodb:GetItem`.
    pub fn in_iam(self) -> String {
        format!("dynamodb:{self:?}")
    }
}

/// Memory of functions that do not set their own, in MB.
pub const MEMORY_MEGABYTES: u32 = 256;

/// Permissions and settings of a function.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// The unique name: file, binary and `operationId`; `HoldSeatsFunction` in the template.
    pub name: &'static str,
    /// Memory in MB. Lambda gives CPU time in proportion.
    pub memory_megabytes: u32,
    /// Timeout in seconds, in the template and in the local stack.
    pub timeout_seconds: u64,
    /// Whether everybody in line calls it again and again: it logs only warnings and a sample of its requests, and has a
    /// URL of its own past the API if the stack wants one.
    pub is_polled: bool,
    /// Allowed actions on the table.
    pub table: &'static [TableAction],
    /// Patterns of the partition keys that it may access, with `*` for any text. They limit what a compromised function
    /// can do. Empty: any key.
    pub table_keys: &'static [&'static str],
    /// Secrets that it reads, beyond the one that a login needs.
    pub secrets: &'static [Secret],
    /// Queues that it sends to.
    pub sends_to: &'static [Queue],
    /// Environment variables that it reads, beyond those of every function, of its secrets and of its queues.
    pub variables: &'static [&'static str],
}

impl Function {
    /// A function without permissions.
    pub const fn new(name: &'static str, timeout_seconds: u64) -> Self {
        Self {
            name,
            memory_megabytes: MEMORY_MEGABYTES,
            timeout_seconds,
            is_polled: false,
            table: &[],
            table_keys: &[],
            secrets: &[],
            sends_to: &[],
            variables: &[],
        }
    }
}
