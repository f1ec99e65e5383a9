using System.Text.RegularExpressions;
using EventSubscriptions.Audit;
using EventSubscriptions.Portal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Portal;

public sealed class PortalFunctionsTests
{
    private const int MaxBytes = 250_000;

    private static readonly ServiceProvider s_services = new ServiceCollection().AddLogging().BuildServiceProvider();
    private static readonly PortalFunctions s_functions = new(new PortalFiles());
    private static readonly string s_folder = Repository.PathOf("src", "EventSubscriptions", "Portal", "Files");

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(s_folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(s_folder, file))];

    [Fact]
    public async Task Portal_redirects_to_its_folder()
    {
        var response = await Get("/portal");

        Assert.Equal(StatusCodes.Status302Found, response.StatusCode);
        Assert.Equal("portal/", response.Headers.Location.ToString());
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(s_folder, "index.html")), Body(await Get("/portal/", "")));
    }

    [Fact]
    public async Task Root_redirects_to_the_portal()
    {
        var http = new DefaultHttpContext { RequestServices = s_services };

        await s_functions.GetRoot(http.Request).ExecuteAsync(http);

        Assert.Equal((StatusCodes.Status302Found, "portal/"), (http.Response.StatusCode, http.Response.Headers.Location.ToString()));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_file_is_served_unchanged_with_security_headers(string file)
    {
        var response = await Get("/portal/" + file, file);

        Assert.Equal(StatusCodes.Status200OK, response.StatusCode);
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(s_folder, file)), Body(response));
        Assert.Equal(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            response.Headers.ContentSecurityPolicy.ToString()
        );
        Assert.Equal("no-cache", response.Headers.CacheControl.ToString());
        Assert.Equal("nosniff", response.Headers.XContentTypeOptions.ToString());
        Assert.Equal("no-referrer", response.Headers["Referrer-Policy"].ToString());
        Assert.Equal(
            Path.GetExtension(file) switch
            {
                ".html" => "text/html; charset=utf-8",
                ".css" => "text/css; charset=utf-8",
                ".js" => "text/javascript; charset=utf-8",
                _ => "image/svg+xml",
            },
            response.ContentType
        );
    }

    [Fact]
    public async Task Unchanged_file_is_not_sent_again()
    {
        var tag = (await Get("/portal/main.js", "main.js")).Headers.ETag.ToString();

        var again = await Get("/portal/main.js", "main.js", tag);

        Assert.Equal(StatusCodes.Status304NotModified, again.StatusCode);
        Assert.Empty(Body(again));
        Assert.Equal("no-cache", again.Headers.CacheControl.ToString());
        Assert.NotEqual(tag, (await Get("/portal/portal.css", "portal.css")).Headers.ETag.ToString());
    }

    [Theory]
    [InlineData("nothing.js")]
    [InlineData("Main.js")]
    [InlineData("core")]
    [InlineData("../EventSubscriptions.dll")]
    [InlineData("core/../main.js")]
    [InlineData("/etc/passwd")]
    [InlineData("..\\host.json")]
    public async Task Unknown_file_is_not_found(string file)
    {
        Assert.Equal(StatusCodes.Status404NotFound, (await Get("/portal/" + file, file)).StatusCode);
    }

    [Fact]
    public void Files_are_small()
    {
        Assert.InRange(
            Directory.EnumerateFiles(s_folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length),
            1,
            MaxBytes
        );
    }

    [Fact]
    public void Scripts_do_not_turn_text_into_markup()
    {
        foreach (var file in Directory.EnumerateFiles(s_folder, "*.js", SearchOption.AllDirectories))
        {
            Assert.DoesNotMatch(
                @"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTML|\beval\b|new Function|\bsrcdoc\b|\.style\b",
                File.ReadAllText(file)
            );
        }
    }

    [Fact]
    public void Page_has_nothing_inline_and_loads_from_its_own_origin_only()
    {
        var page = File.ReadAllText(Path.Combine(s_folder, "index.html"));

        Assert.DoesNotMatch(@"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:|//", page);
        foreach (
            var file in Directory
                .EnumerateFiles(s_folder, "*.*", SearchOption.AllDirectories)
                .Where(file => Path.GetExtension(file) is ".js" or ".css")
        )
        {
            Assert.DoesNotMatch(@"https?://(?!www\.w3\.org/2000/svg)|@import|url\(", File.ReadAllText(file));
        }
    }

    [Fact]
    public void Every_audit_type_has_a_label()
    {
        var words = File.ReadAllText(Path.Combine(s_folder, "parts", "words.js"));
        var known = Regex
            .Matches(words, @"^  '(?<type>[a-zA-Z]+\.[a-zA-Z]+)': '", RegexOptions.Multiline)
            .Select(match => match.Groups["type"].Value)
            .ToHashSet(StringComparer.Ordinal);

        Assert.Empty(EnumNames<AuditType>.All.Except(known, StringComparer.Ordinal));
    }

    private static async Task<HttpResponse> Get(string path, string? file = null, string? ifNoneMatch = null)
    {
        var http = new DefaultHttpContext { RequestServices = s_services };
        http.Request.Method = "GET";
        http.Request.Path = path;
        http.Request.RouteValues["file"] = file;
        http.Request.Headers.IfNoneMatch = ifNoneMatch;
        http.Response.Body = new MemoryStream();
        await s_functions.GetPortal(http.Request).ExecuteAsync(http);
        return http.Response;
    }

    private static byte[] Body(HttpResponse response) => ((MemoryStream)response.Body).ToArray();
}
