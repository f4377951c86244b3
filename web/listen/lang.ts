// Stands in the head of the page, before anything is shown: the same bytes are every listener's, and each reads their own language. Where
// that is another than the page's, it notes which that is (`data-own`), and the style hides its words until there are others.

import { language } from '../shared/lang.ts';
import { type Lang } from '../shared/messages.ts';

const root = document.documentElement;
const own = root.lang as Lang;
root.lang = language(location.pathname.split('/')[3], own);
if (root.lang !== own) root.dataset['own'] = own;
