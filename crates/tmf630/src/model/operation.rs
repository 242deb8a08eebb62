//! What can be done with a resource.

use http::Method;

/// Something that can be done with a resource or with all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// GET on the collection.
    List,
    /// POST on the collection.
    Create,
    /// PATCH on the collection.
    CreateMany,
    /// GET on a resource.
    Retrieve,
    /// PATCH on a resource.
    Update,
    /// DELETE on a resource.
    Delete,
}

/// Which operations a resource has. HEAD comes with GET, and OPTIONS is always possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operations(&'static [Operation]);

use Operation::{Create, CreateMany, Delete, List, Retrieve, Update};

impl Operations {
    /// Everything.
    pub const ALL: Self = Self(&[List, Create, CreateMany, Retrieve, Update, Delete]);

    /// What changes nothing.
    pub const READ_ONLY: Self = Self(&[List, Retrieve]);

    /// These.
    pub const fn of(operations: &'static [Operation]) -> Self {
        Self(operations)
    }

    /// All that the resource has.
    pub fn iter(self) -> impl Iterator<Item = Operation> {
        self.0.iter().copied()
    }

    /// What `method` does with an item or with the collection, if that is possible.
    pub(crate) fn find(self, on_item: bool, method: &Method) -> Option<Operation> {
        // HEAD is GET without the body.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let is_meant = |operation: &Operation| {
            operation.is_on_item() == on_item && operation.method() == *method
        };
        self.0.iter().copied().find(is_meant)
    }

    /// The methods that can be applied to an item or to the collection, as the `Allow` header lists
    /// them.
    pub(crate) fn allow(self, on_item: bool) -> String {
        let mut methods = String::new();
        for operation in self.0.iter().filter(|operation| operation.is_on_item() == on_item) {
            let method = operation.method();
            methods.push_str(method.as_str());
            methods.push_str(if method == Method::GET { ", HEAD, " } else { ", " });
        }
        methods + "OPTIONS"
    }
}

impl Operation {
    /// Whether it changes anything.
    pub fn is_write(self) -> bool {
        !matches!(self, List | Retrieve)
    }

    /// Whether it is about one resource, rather than all of them.
    pub fn is_on_item(self) -> bool {
        matches!(self, Retrieve | Update | Delete)
    }

    /// What it is called in the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            List => "list",
            Create => "create",
            CreateMany => "createMany",
            Retrieve => "retrieve",
            Update => "update",
            Delete => "delete",
        }
    }

    fn method(self) -> Method {
        match self {
            List | Retrieve => Method::GET,
            Create => Method::POST,
            CreateMany | Update => Method::PATCH,
            Delete => Method::DELETE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_follow_from_operations() {
        let all = Operations::ALL;
        assert_eq!(all.allow(false), "GET, HEAD, POST, PATCH, OPTIONS");
        assert_eq!(all.allow(true), "GET, HEAD, PATCH, DELETE, OPTIONS");
        assert_eq!(all.find(true, &Method::HEAD), Some(Retrieve));
        assert_eq!(all.find(false, &Method::PATCH), Some(CreateMany));
        assert_eq!(all.find(false, &Method::DELETE), None);
        let some = Operations::of(&[Retrieve, Create]);
        assert_eq!(
            (some.allow(false), some.allow(true)),
            ("POST, OPTIONS".into(), "GET, HEAD, OPTIONS".into())
        );
        assert_eq!(some.find(false, &Method::GET), None);
        assert_eq!(Operations::READ_ONLY.find(true, &Method::PATCH), None);
    }
}
