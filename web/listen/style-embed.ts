// The style of the player inside other pages, as one sheet for the build to inline.
import '../shared/tokens.css';
import './embed.css';
