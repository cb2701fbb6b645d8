"""Each kind of trace or debug page is known; prose, documentation and ordinary error pages are not."""

from __future__ import annotations

import traceback
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quick import seconds

from gonogo.formats import debug_pages


def real_traceback() -> str:
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        return traceback.format_exc()


JAVA = (
    "java.lang.NullPointerException: null\n\tat com.acme.web.Cart.total(Cart.java:42)\n"
    "\tat com.acme.web.Cart.<init>(Cart.java:7)\n\tat java.base/java.lang.Thread.run(Thread.java:833)"
)
NODE = (
    "TypeError: x is undefined\n    at Cart.total (/srv/app/cart.js:4:9)\n"
    "    at async /srv/app/node_modules/express/lib/router/layer.js:95:5\n    at new Cart (node:internal/main:1:2)"
)

PAGES = [
    ("python-traceback", real_traceback()),
    ("python-traceback", f"<html><body><pre>{escape(real_traceback())}</pre></body></html>"),
    ("python-traceback", '{"detail":"Traceback (most recent call last):\\n  File \\"/srv/a.py\\", line 3, in x"}'),
    ("werkzeug-debugger", "<title>ZeroDivisionError: division by zero // Werkzeug Debugger</title>"),
    ("werkzeug-debugger", 'EVALEX = true, EVALEX_TRUSTED = false, SECRET = "x"'),
    (
        "django-debug",
        (
            '<meta name="robots" content="NONE,NOARCHIVE"><div id="explanation"><p>You’re seeing this error because you have '
            "<code>DEBUG = True</code> in your Django settings file."
        ),
    ),
    (
        "django-debug",
        "<p>\n      Using the URLconf defined in <code>shop.urls</code>,\n      Django tried these URL patterns, in this order:",
    ),
    ("starlette-debugger", "<html><head><title>Starlette Debugger</title></head>"),
    ("rails-debug", "<p><code>Rails.root: /home/deploy/app</code></p>"),
    ("rails-debug", "<title>Action Controller: Exception caught</title>"),
    (
        "rails-debug",
        '{"status":404,"exception":"#<ActionController::RoutingError: x>","traces":{"Application Trace":[]}}',
    ),
    ("ruby-backtrace", "app/x\n/home/deploy/app/models/cart.rb:12:in `total'"),
    ("ruby-backtrace", "/app/models/cart.rb:12:in 'Cart#total'"),
    ("whoops", '<div class="Whoops container"><div class="stack-container">'),
    ("laravel-ignition", "<script>window.ignite({})</script>"),
    ("laravel-ignition", '<script>\n window.data = {"report":{}}</script>'),
    ("laravel-ignition", '"file":"vendor\\/spatie\\/laravel-ignition\\/src\\/x.php"'),
    ("laravel-exception", "<style>#frame-0 .hljs-ln-line[data-line-number='12'] { color: red }</style>"),
    (
        "laravel-exception",
        (
            "# ErrorException - Internal Server Error\\n\\nPHP 8.4.1\\nLaravel 12.3.0\\n\\n## Stack Trace\\n\\n0 - app\\/x.php:3"
            "\\n\\n## Database Queries\\n\\nNo"
        ),
    ),
    ("yii-exception", '<li class="application call-stack-item" data-line="9"><div class="element-wrap">'),
    (
        "yii-exception",
        '<a href="https://www.yiiframework.com/">Yii Framework</a>/<a href="https://github.com/yiisoft/">2.0.51</a>',
    ),
    ("yii-exception", 'Apache <a href="http://www.yiiframework.com/">Yii Framework</a>/1.1.29'),
    (
        "spring-error",
        (
            "<h1>Whitelabel Error Page</h1><p>x</p><div>There was an unexpected error (type=Internal Server Error, status=500)."
            "</div><div>could not execute statement</div>"
        ),
    ),
    ("spring-error", '{"status":500,"error":"x","exception":"java.lang.IllegalStateException","message":"no cart"}'),
    ("json-exception", '{"message":"x","exception":"ErrorException","file":"\\/var\\/www\\/app\\/Cart.php","line":12}'),
    ("symfony-exception", '<title>x (500)</title><div class="exception-message-wrapper">'),
    (
        "php-error",
        "<br />\n<b>Warning</b>:  Undefined variable $x in <b>/var/www/html/a.php</b> on line <b>3</b><br />",
    ),
    ("php-error", "PHP Fatal error:  Uncaught Error: x in /var/www/a.php:3"),
    ("php-error", "Parse error: syntax error in C:\\xampp\\htdocs\\a.php on line 3"),
    ("php-stack-trace", "Stack trace:\n#0 /var/www/html/b.php(12): total()\n#1 {main}"),
    ("java-stack-trace", JAVA),
    ("java-stack-trace", f"<h1>Whitelabel Error Page</h1><div>{JAVA.replace('<init>', '&lt;init&gt;')}</div>"),
    ("java-stack-trace", '{"trace":"' + JAVA.replace("\n", "\\n").replace("\t", "\\t") + '"}'),
    ("aspnet-yellow-page", "<h1>Server Error in '/' Application.</h1><b>Stack Trace:</b>"),
    ("aspnet-developer-page", "<h1>An unhandled exception occurred while processing the request.</h1>"),
    ("dotnet-stack-trace", "   at Acme.Cart.Total(Int32 id) in C:\\src\\Cart.cs:line 12"),
    ("dotnet-stack-trace", "   at Acme.Cart.Total(Int32 id) in /src/Cart.cs:line 12"),
    ("node-stack-trace", NODE),
    ("node-stack-trace", f"<pre>{NODE.replace(chr(10), '<br>').replace('    ', ' &nbsp; &nbsp;')}</pre>"),
    ("node-stack-trace", '{"stack":"' + NODE.replace("\n", "\\n") + '"}'),
    ("go-panic", "panic: x\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:4 +0x1d"),
    ("rust-panic", "thread 'main' panicked at src/main.rs:2:5:\nx"),
    ("nextjs-error", '<template data-next-error-message="x" data-next-error-stack="Error: x"></template>'),
    ("nextjs-error", '{"err":{"name":"Error","source":"server","message":"x","stack":"Error: x"}}'),
    (
        "node-stack-trace",
        "Error: x\n    at Page (webpack-internal:///(rsc)/./app/page.tsx:9:11)\n    at stringify (webpack:///app/a.js:1:2)",
    ),
    ("nextjs-overlay", "<nextjs-portal></nextjs-portal>"),
    ("vite-overlay", "<vite-error-overlay></vite-error-overlay>"),
    ("sql-error", "You have an error in your SQL syntax; check the manual"),
    ("sql-error", "SQLSTATE[42S02]: Base table or view not found"),
    ("sql-error", 'ERROR:  syntax error at or near "FROM"'),
    ("sql-error", "sqlite3.OperationalError: no such table: x"),
    ("sql-error", "psycopg.errors.UndefinedTable: relation"),
    ("sql-error", "PG::UndefinedTable: ERROR"),
    ("sql-error", "ORA-00942: table or view does not exist"),
    ("sql-error", "Unclosed quotation mark after the character string 'x'."),
    ("server-path", "<p>could not open /home/deploy/app/settings.py</p>"),
    ("server-path", "could not open C:\\inetpub\\wwwroot\\web\\Default.aspx"),
]


DOTNET = (
    "System.NullReferenceException: x\r\n   at Acme.Web.HomeController.Index(String id)\r\n"
    "   at Acme.Web.Startup.<Configure>b__4_0[T](HttpContext context, Int32 n)\r\n   at Acme.Web.Program.Main()"
)
PAGES += [
    ("dotnet-stack-trace", DOTNET),
    ("dotnet-stack-trace", '{"exception":{"details":"' + DOTNET.replace("\r\n", "\\r\\n") + '"}}'),
    ("dotnet-stack-trace", f"<pre>{escape(DOTNET)}</pre>"),
    ("java-stack-trace", "x\n\tat a.b.C.d(Unknown Source)\n\tat java.lang.Thread.run(Native Method)"),
    ("java-stack-trace", "Caused by: x\n\tat a.b.C.d(C.java:10)\n\t... 35 more"),
    ("java-stack-trace", "java.lang.NullPointerException: no cart\n\tat a.b.C.d(C.java:10)\n"),
    ("java-stack-trace", '{"trace":"java.lang.IllegalStateException\\r\\n\\tat a.b.C.d(C.java:10)"}'),
    (
        "java-stack-trace",
        (
            "<h1>HTTP Status 500</h1><pre>x&#10;&#9;org.apache.jsp.index_jsp._jspService(index_jsp.java:120)\n"
            "&#9;org.apache.jasper.runtime.HttpJspBase.service(HttpJspBase.java:70)</pre>"
        ),
    ),
    ("node-stack-trace", "TypeError: x is undefined<br> &nbsp; &nbsp;at /app/routes/index.js:12:3<br>"),
    ("node-stack-trace", '{"stack":"Error: x\\n    at get (file:///app/a.mjs:1:2)"}'),
    ("elixir-stack-trace", "** (KeyError) x\n    (acme 0.1.0) lib/acme/router.ex:541: AcmeWeb.Router.call/2"),
    (
        "plug-debugger",
        "<title>Phoenix.Router.NoRouteError at GET /x</title><pre>    (acme 0.1.0) lib/a/router.ex:541: A.call/2</pre>",
    ),
    ("rack-debug", "<p>You're seeing this error because you use <code>Rack::ShowExceptions</code>.</p>"),
    ("sinatra-debug", "<h2>Sinatra doesn’t know this ditty.</h2>"),
    ("sinatra-debug", "You're seeing this error because you have\nenabled the <code>show_exceptions</code> setting."),
    ("play-debug", '<div id="routes"><h2>These routes have been tried, in this order:</h2>'),
    ("cakephp-debug", '<div class="cake-debug">'),
    ("youch", '<section class="error-stack"><div class="frame-file">./server/api/x.ts:3:4</div>'),
    ("go-panic", "runtime error: index out of range\n/app/main.go:12 (0x4a)\nmain.handler: x"),
    ("sql-error", "MongoServerError: E11000 duplicate key error collection: acme.users index: email_1 dup key"),
    ("sql-error", "System.Data.SqlClient.SqlException (0x80131904): Incorrect syntax near 'x'."),
    ("sql-error", "Invalid `prisma.user.findMany()` invocation: x"),
    ("sql-error", "PrismaClientInitializationError: x"),
    ("sql-error", '(sqlalchemy.exc.OperationalError) (pymysql.err.OperationalError) (1045, "Access denied")'),
    ("sql-error", "pymysql.err.ProgrammingError: (1146, x)"),
    ("sql-error", 'ERROR:  column "colour" does not exist'),
    ("sql-error", '{"detail":"ERROR: syntax error at or near \\"FROM\\""}'),
    ("sql-error", 'ERROR: duplicate key value violates unique constraint "users_email_key"'),
    ("python-traceback", f"<p>use <code>x<p>{real_traceback()}"),
    ("python-traceback", real_traceback() + "sqlite3.OperationalError: no such table: x"),
    ("whoops", '<div class="Whoops container">#0 /var/www/html/b.php(12): total()</div>'),
]


@pytest.mark.parametrize(("name", "body"), PAGES, ids=[f"{number}-{name}" for number, (name, _) in enumerate(PAGES)])
def test_each_kind_is_known(name: str, body: str) -> None:
    found = debug_pages.find(body)
    assert [one.name for one in found] == [name]
    assert 0 < len(found[0].excerpt) <= debug_pages.EXCERPT
    assert "\n" not in found[0].excerpt


def test_all_kinds_are_tested() -> None:
    names = {sign.name for sign in (*debug_pages.PAGES, *debug_pages.TRACES, *debug_pages.ERRORS)}
    assert names <= {name for name, _ in PAGES}


BENIGN = [
    "",
    "<h1>404 Not Found</h1><hr><center>nginx</center>",
    "<h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for /error</p>",
    (
        "<h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for /error, so you are seeing this as a fallback."
        "</p><div id='created'>now</div><div>There was an unexpected error (type=Not Found, status=404).</div>"
        "<div>No message available</div></body>"
    ),
    "<h1>Whitelabel Error Page</h1><div>There was an unexpected error (type=Not Found, status=404).</div></body>",
    "Whitelabel Error Page: There was an unexpected error (type=Not Found, status=404). How do I turn it off?",
    '{"detail":"Not Found"}',
    '{"exception":"none","message":"x"} {"exception":"Not found."} {"exception":"www.acme.io"}',
    "<p>You see it because you have <code>DEBUG = True</code>; Django tried these URL patterns, in this order.</p>",
    "<p>Seeing this error because you have <code>DEBUG = True</code>? Set it to <code>False</code>.</p>",
    "<p>The page says <code>Rails.root: the path</code> and Action Controller: Exception caught.</p>",
    "<p>Ignition (spatie/laravel-ignition, facade/ignition) calls window.ignite; Whoops\\Run and Whoops containers look alike.</p>",
    "<nav class='sf-menu'>A Symfony Exception has a class exception-summary</nav><style>.exception-message-wrapper{}</style>",
    "Powered by <a href='https://www.yiiframework.com/'>Yii Framework</a>. The call-stack-item is folded.",
    "<p>It said: Server Error in '/' Application, then Stack Trace. An unhandled exception occurred while processing the request.",
    "<h1>Development Mode</h1><p>Swapping to the <strong>Development</strong> environment displays details.</p>",
    "<p>Hide nextjs-portal, [data-nextjs-dev-overlay] and nextjs__container_errors; the Werkzeug Debugger asks for a PIN.</p>",
    '<template data-next-error-digest="123"></template>{"err":{"name":"Internal Server Error.","message":"500","statusCode":500}}',
    "## Stack Trace\nPaste it here.",
    "<pre>Cannot GET /missing</pre>",
    '{"type":"about:blank","title":"Bad Request","status":400,"file":"a.txt"}',
    "<p>Python prints Traceback (most recent call last) when it fails.</p>",
    f"<p>An example:</p><pre><code>{real_traceback()}</code></pre><p>Read it from the end.</p>",
    f'<pre><code class="language-java"><span>{JAVA}</span></code></pre>',
    "<script src=/srv/app/main.js></script><a href=/home/blog/first-post.php>x</a>",
    "See https://example.org/opt/tools/run.py and ./usr/lib/x.py",
    "Call us at Acme.Store(Berlin) at 9:00:00, look at /menu",
    "Warning: the shop closes at 5. Download in /files/a.zip",
    "We met at the goroutine [conference], thread 'a' was fun; SQL is a language.",
    "<title>Server Error</title><h1>Server Error in our kitchen</h1>",
    "Oops! Whoops, something went wrong.",
    "ORA-00942 is an Oracle code. DEBUG = True is dangerous.",
    "<p>line 4 of the poem</p>",
    "See ERROR: column of the week, ERROR: relation of the month and ERROR: duplicate key value pairs",
    "We meet\n  at Acme.Store()\n  at noon, or\n at Acme.Store(Berlin)\n  at Acme.Hall(ground floor left)",
    "Error: we are at /menu:1:2. Our router.ex:4: is (new 1.0)",
    "<h2>Which routes have been tried?</h2><p>These routes have been tried, in this order: 1, 2.</p>",
    "<title>Tom at GET FIT</title><p>Sinatra doesn't know this ditty. class cake-debug; Rack::ShowExceptions</p>",
    "<p>Add cake to <a class='cake-error'>it</a>, ... 35 more</p><p class=\"pancake-error\">error-stack</p>",
]


@pytest.mark.parametrize(
    "body", [f"<pre><code>{real_traceback()}</code></pre>", f"<code><code>{JAVA}</code></code>"], ids=["python", "java"]
)
def test_code_counts_in_an_error(body: str) -> None:
    assert debug_pages.find(body) == ()
    assert len(debug_pages.find(body, code=True)) == 1


@pytest.mark.parametrize("body", BENIGN, ids=range(len(BENIGN)))
def test_harmless_bodies(body: str) -> None:
    assert debug_pages.find(body) == ()


@given(st.one_of(st.text(max_size=400), st.text(alphabet='at ./:()\\"<>code#0123\n&;', max_size=400)))
def test_any_text_is_searched(text: str) -> None:
    debug_pages.find(text)
    debug_pages.find(f"<p>{text}</p>", code=True)


UNITS = [
    "<template ",
    "Whitelabel Error Page There was an unexpected error (type=",
    '"exception":"a.a.',
    '{"err":{"name":"a",',
]
UNITS += ['class="a a ', 'call-stack-item" ', "Yii Framework</a>/<a "]
UNITS += ["at ", "at a.", "at a.at ", "at /a", "in /a", "<", "<code>", "<code ", "</code>", "<p ", "&#", 'File "']
MORE = [
    "#1 /a",
    '"file":"/',
    "goroutine 1 [",
    "/a.rb:1:in",
    "<title>",
    "/home/a/.",
    "Warning: in /a.php",
    'near "SQL',
    ":line 1 at a(",
    "Error: a",
    "Exception\\n",
    "\n at a.b(",
    "\n at a.b(A b, ",
    "\na.b.",
    "\n\ta.b.C.d(a.java:1",
    "Error:" + " " * 300,
    "... at a.b.C(Native Method)",
    " (a 1.0) lib/.ex",
    "/a.go:1 ",
    "ERROR: column a does not ",
    "<title>A.A at ",
    "because you have ",
    "Invalid `a.a.invocation",
]


@pytest.mark.parametrize("unit", UNITS + MORE, ids=range(len(UNITS + MORE)))
def test_long_bodies_are_quick(unit: str) -> None:
    body = "<p>Traceback (most recent call last)" + unit * (1_000_000 // len(unit))
    assert seconds(lambda: debug_pages.find(body), 0.8) < 0.8
