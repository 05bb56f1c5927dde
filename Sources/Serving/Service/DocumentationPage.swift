internal import Corpus

/// `GET /docs`: a page that reads `/openapi.json` and shows it to people.
///
/// It comes whole from this service. Its policy lets nothing run but the one script and the one style sheet whose hashes
/// it names, and nothing be asked but this service.
enum DocumentationPage {
  static let route: Route = {
    let page = Array(html.utf8)
    let policy =
      "default-src 'none'; script-src 'sha256-\(hash(script))'; style-src 'sha256-\(hash(style))'; connect-src 'self'; "
      + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    let headers: [ServerRequest.Field] = [
      .init("Content-Security-Policy", policy), .init("X-Content-Type-Options", "nosniff"),
      .init("Referrer-Policy", "no-referrer"), .init("Cache-Control", "no-cache"),
    ]
    return Route(
      "GET", "/docs", name: "documentation", summary: "Shows this contract to people.", scope: .open,
      result: ("text/html", .text),
      handler: .immediate { _ in ServerResponse(contentType: "text/html; charset=utf-8", headers: headers, body: page) }
    )
  }()

  private static func hash(_ text: String) -> String { Base64.text(of: ContentHash.of(text).bytes) }

  private static let html = """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Acervo: HTTP interface</title><style>\(style)</style></head>
    <body><header><h1>Acervo</h1><p id="about">Reading the contract…</p></header><nav id="list"></nav><main id="main"></main>
    <noscript><p>This page needs JavaScript; <a href="openapi.json">the contract itself</a> does not.</p></noscript>
    <script>\(script)</script></body></html>

    """

  private static let style = """
    :root{color-scheme:light dark;--line:#8884}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
    nav{columns:2 20rem;border:1px solid var(--line);padding:.5rem 1rem}nav a{display:block}section{border-top:1px solid var(--line);
    margin-top:2rem}code,pre{font:14px/1.4 ui-monospace,monospace}pre{overflow:auto;border:1px solid var(--line);padding:.5rem}
    table{border-collapse:collapse;width:100%}td,th{border:1px solid var(--line);padding:.25rem .5rem;text-align:left;
    vertical-align:top}.method{font-weight:bold}summary{cursor:pointer}
    """

  // Everything is put in as text: nothing of the contract can become markup.
  private static let script = """
    'use strict';
    const make=(tag,text,parent)=>{const e=document.createElement(tag);if(text!==undefined)e.textContent=text;if(parent)parent.append(e);return e};
    const kind=s=>{if(!s)return'';if(s.$ref)return s.$ref.split('/').pop();if(s.anyOf)return s.anyOf.map(kind).join(' or ');
    if(s.enum)return s.enum.map(v=>JSON.stringify(v)).join(' | ');if(s.type==='array')return'array of '+kind(s.items);
    if(s.type==='integer'||s.type==='number')return s.type+('minimum'in s?' '+s.minimum+'…'+s.maximum:'');return s.type||'any'};
    const parts=(schema,parent)=>{if(schema.anyOf){for(const s of schema.anyOf)parts(s,parent);return}
    if(schema.type==='array'&&schema.items)return parts(schema.items,parent);if(!schema.properties)return;
    const table=make('table',undefined,parent);const head=make('tr',undefined,table);
    for(const t of['member','type','meaning'])make('th',t,head);
    for(const[name,s]of Object.entries(schema.properties)){const row=make('tr',undefined,table);
    make('code',name,make('td',undefined,row));make('td',kind(s)+((schema.required||[]).includes(name)?', required':''),row);
    const cell=make('td',s.description||'',row);const inner=s.items||s;if(inner.properties||inner.anyOf)parts(inner,cell)}};
    const folded=(title,parent)=>{const d=make('details',undefined,parent);make('summary',title,d);return d};
    fetch('openapi.json').then(r=>r.json()).then(api=>{
    document.getElementById('about').textContent=api.info.description+' Version '+api.info.version+'.';
    const list=document.getElementById('list'),main=document.getElementById('main');
    for(const[path,item]of Object.entries(api.paths))for(const[method,o]of Object.entries(item)){
    const link=make('a',method.toUpperCase()+' '+path,list);link.href='#'+o.operationId;
    const section=make('section',undefined,main);section.id=o.operationId;const h=make('h2',undefined,section);
    make('span',method.toUpperCase()+' ',h).className='method';make('code',path,h);make('p',o.summary,section);
    make('p','Scope: '+o['x-scope'],section);
    if(o.parameters){const d=folded('Parameters',section);d.open=true;for(const p of o.parameters){
    const line=make('p',undefined,d);make('code',p.name,line);line.append(' ('+p.in+', '+kind(p.schema)+'): '+p.description)}}
    if(o.requestBody){const d=folded('Request',section);d.open=true;for(const[type,c]of Object.entries(o.requestBody.content)){
    make('p',type,d);parts(c.schema,d)}}
    for(const[status,r]of Object.entries(o.responses)){const d=folded(status+' '+r.description,section);
    for(const[type,c]of Object.entries(r.content||{})){make('p',type,d);parts(c.schema,d);
    for(const e of type==='text/event-stream'&&c.schema.anyOf||[]){const{event,data}=e.properties;
    make('p','event: '+(event?event.const:'without a name'),d);parts((data.anyOf?data.anyOf[1]:data).contentSchema,d)}}}}
    if(location.hash)document.getElementById(location.hash.slice(1))?.scrollIntoView();
    }).catch(e=>{document.getElementById('about').textContent='The contract cannot be read: '+e});
    """
}
