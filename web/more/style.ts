// How what is fetched after the page looks; colours and letters are the page's.

export const STYLE = `
#more{display:flex;flex-direction:column;gap:1rem;max-width:34em}
#more section{display:flex;flex-wrap:wrap;gap:.5rem .75rem;align-items:center}
#more button,#more select,#more input{font:inherit;font-size:1rem;color:var(--ink);background:none;border:2px solid var(--faint);border-radius:.5rem;padding:.45rem .8rem;min-height:2.75rem}
#more button{cursor:pointer}
#more button:hover{border-color:var(--ink)}
#more button.key{background:var(--key);color:var(--on-key);border-color:var(--key)}
#more input[type=range]{flex:1 1 12rem;padding:0;border:0}
#more input[type=email]{flex:1 1 12rem;min-width:0}
#more ol{list-style:none;width:100%;margin:0;padding:0}
#more li{font-size:1.1rem;padding:.1rem 0;border:0}
#more li button{border:0;padding:.3rem 0;text-align:left;min-height:2.5rem}
#more label,#more p{color:var(--soft);font-size:1rem}
#more details{width:100%}
#more summary{cursor:pointer;padding:.45rem 0;font-size:1rem}
#more details a{color:var(--soft);overflow-wrap:anywhere}
#more .wide{width:100%}
`;
