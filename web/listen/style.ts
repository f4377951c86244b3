// The style of the listener's page, as one sheet for the build to inline.
import '../shared/tokens.css';
import './listen.css';
