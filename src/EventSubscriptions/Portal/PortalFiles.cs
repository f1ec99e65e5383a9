using System.Collections.Frozen;
using System.Reflection;
using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Portal;

/// <summary>The files of the portal. They are embedded in the assembly, so no other file can be requested.</summary>
public sealed class PortalFiles
{
    private const string Prefix = "Portal/";
    private const string Index = "index.html";

    private readonly FrozenDictionary<string, IResult> _responses;

    public PortalFiles()
    {
        var answers = Assembly
            .GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(name => name[Prefix.Length..].Replace('\\', '/'), Read, StringComparer.Ordinal);
        answers.Add("", answers[Index]);
        _responses = answers.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static Assembly Assembly => typeof(PortalFiles).Assembly;

    /// <summary>The file with a name, which is case-sensitive, or null; the empty name is the page itself.</summary>
    public IResult? Find(string name) => _responses.GetValueOrDefault(name);

    private static IResult Read(string resource)
    {
        using var stream = Assembly.GetManifestResourceStream(resource)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new PortalResult(content, MediaTypeOf(resource));
    }

    private static string MediaTypeOf(string name) =>
        Path.GetExtension(name) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".svg" => "image/svg+xml",
            _ => throw new InvalidDataException($"The portal's file '{name}' has an extension without a media type."),
        };
}

/// <summary>A file with headers that restrict the page to the app's own scripts, styles and connections.</summary>
internal sealed class PortalResult(ReadOnlyMemory<byte> content, string mediaType) : IResult
{
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private readonly StaticContentResult _file = new(content, "no-cache", mediaType);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var headers = httpContext.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers["Referrer-Policy"] = "no-referrer";
        return _file.ExecuteAsync(httpContext);
    }
}
