//! A button that opens a dialog.

use leptos::prelude::*;

/// A dialog and its button. What is in it is made when it opens, so that nothing of an earlier time
/// is left in its fields.
#[component]
pub fn Dialog(
    #[prop(into)] label: String,
    #[prop(into)] title: String,
    /// Further classes of the button.
    #[prop(default = "")]
    class: &'static str,
    /// Whether it is open; what is in it closes it by this.
    is_open: RwSignal<bool>,
    children: ChildrenFn,
) -> AnyView {
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    Effect::new(move || {
        let is_open = is_open.get();
        let Some(dialog) = dialog.get() else { return };
        // Only once its content is there can the first field of it have the focus.
        request_animation_frame(move || match is_open {
            true if !dialog.open() => drop(dialog.show_modal()),
            false if dialog.open() => dialog.close(),
            _ => {}
        });
    });
    let name = title.clone();
    view! {
        <button type="button" class=format!("button {class}") on:click=move |_| is_open.set(true)>
            {label}
        </button>
        <dialog node_ref=dialog aria-label=name on:close=move |_| is_open.set(false)>
            <h2><bdi>{title}</bdi></h2>
            {move || is_open.get().then(|| children())}
        </dialog>
    }
    .into_any()
}
