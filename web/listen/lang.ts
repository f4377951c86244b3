// Stands in the head of the page, before anything is shown: the same bytes are every listener's, and each reads their own language.

import { language } from '../shared/lang.ts';
import { type Lang } from '../shared/time.ts';

const root = document.documentElement;
root.lang = language(location.pathname.split('/')[3], root.lang as Lang);
