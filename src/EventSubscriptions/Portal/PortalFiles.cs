using System.Collections.Frozen;
using System.Reflection;
using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Portal;

/// <summary>The portal's files. The program carries them, so that nothing but them can be asked for. They change only with the program.</summary>
public sealed class PortalFiles
{
    private const string Prefix = "Portal/";
    private const string Index = "index.html";

    private readonly FrozenDictionary<string, IResult> _answers;

    /// <summary>Reads all files.</summary>
    public PortalFiles()
    {
        var answers = Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(name => name[Prefix.Length..].Replace('\\', '/'), Read, StringComparer.Ordinal);
        answers.Add("", answers[Index]);
        _answers = answers.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static Assembly Assembly => typeof(PortalFiles).Assembly;

    /// <summary>The answer with a file, or null where there is none of the name, which is case-sensitive; the empty name is the page itself.</summary>
    public IResult? Find(string name) => _answers.GetValueOrDefault(name);

    private static IResult Read(string resource)
    {
        using var stream = Assembly.GetManifestResourceStream(resource)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new PortalResult(content, MediaTypeOf(resource));
    }

    private static string MediaTypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => throw new InvalidDataException($"The portal's file '{name}' is of a type that browsers are not told of."),
    };
}

/// <summary>A file with the headers that keep what the page shows from doing harm: no script, style or connection but the app's own.</summary>
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
