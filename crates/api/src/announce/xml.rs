//! Writing XML into memory, where nothing fails: `quick-xml` escapes what it is given.
//!
//! Characters that XML 1.0 cannot hold at all have no escape either: texts come here without them.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

const IN_MEMORY: &str = "memory takes what is written";

/// An XML document that is being written.
pub(super) struct Xml(Writer<Vec<u8>>);

impl Xml {
    /// A document with its declaration.
    pub(super) fn new() -> Self {
        let mut xml = Self(Writer::new_with_indent(Vec::new(), b' ', 1));
        xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        xml
    }

    /// An element with a text; nothing where the text is empty.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.text_with(name, &[], text);
    }

    /// The same, with attributes.
    pub(super) fn text_with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        if text.is_empty() {
            return;
        }
        self.event(Event::Start(start(name, attributes)));
        self.event(Event::Text(BytesText::new(text)));
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// An element that has only attributes.
    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.event(Event::Empty(start(name, attributes)));
    }

    /// An element with others inside.
    pub(super) fn within(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        write: impl FnOnce(&mut Self),
    ) {
        self.event(Event::Start(start(name, attributes)));
        write(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// The whole of it.
    pub(super) fn finish(self) -> String {
        let mut text = String::from_utf8(self.0.into_inner()).expect("only text was written");
        text.push('\n');
        text
    }

    fn event(&mut self, event: Event<'_>) {
        self.0.write_event(event).expect(IN_MEMORY);
    }
}

fn start<'a>(name: &'a str, attributes: &[(&'a str, &'a str)]) -> BytesStart<'a> {
    BytesStart::new(name).with_attributes(attributes.iter().copied())
}
