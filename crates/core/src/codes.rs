//! The words that closed sets have on the wire.

/// Gives an enum its words: `code` for a value, `CODES` for all that there can be, from one list that the compiler finds complete.
macro_rules! codes {
    ($name:ident { $($pattern:pat => $code:literal,)+ }) => {
        impl $name {
            /// Every word that [`Self::code`] can give: what whoever translates them must have.
            pub const CODES: &[&str] = &[$($code),+];

            /// The word used in every wire format, and the key of its translations.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $($pattern => $code,)+
                }
            }
        }
    };
}

pub(crate) use codes;
