using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace EventSubscriptions.Http;

/// <summary>The front door of HTTP functions: the caller, the organization, the query, the headers and the body of a request.</summary>
/// <remarks>
/// All functions check a request in this order:
/// <list type="number">
/// <item>401 and 403, and 404 for an organization that the key is not bound to (<c>AccessMiddleware</c>, before the function runs);</item>
/// <item>403 for what the role alone doesn't decide (<see cref="Forbidden"/>);</item>
/// <item>404 for what the path names (<see cref="NotFound"/>);</item>
/// <item>400, 413 and 415 for a body that can't be read, then 400 with all invalid parameters, headers and fields (<see cref="Validate"/>);</item>
/// <item>what depends on stored data: 412, 409, 429, and 400 for a change that the stored data doesn't allow.</item>
/// </list>
/// <see cref="Validate"/> also reports the parameters and fields that the function hasn't read. A function that didn't call it fails.
/// </remarks>
public sealed class ApiRequest
{
    /// <summary>The media type of newline-delimited JSON.</summary>
    internal const string Ndjson = "application/x-ndjson";

    private static readonly object s_key = new();

    private readonly HttpRequest _http;
    private readonly FunctionContext _context;
    private JsonBody _body;
    private FieldReader? _fields;
    private bool _isValidated;

    private ApiRequest(HttpRequest http, FunctionContext context)
    {
        (_http, _context) = (http, context);
        Query = new QueryReader(http, Errors);
    }

    /// <summary>The caller. Throws if the function is anonymous.</summary>
    public Caller Caller => _context.GetCaller()!;

    /// <summary>The organization in the route. Throws if the route has none.</summary>
    public OrganizationId Organization => _context.GetOrganization();

    public FieldErrors Errors { get; } = new();

    public QueryReader Query { get; }

    /// <summary>The body that was read last.</summary>
    public JsonElement Body => _body.Root;

    /// <summary>The fields of the body that was read last.</summary>
    public FieldReader Fields => _fields ??= new FieldReader(Body, Errors);

    public static ApiRequest Of(HttpRequest http, FunctionContext context)
    {
        var request = new ApiRequest(http, context);
        context.Items[s_key] = request;
        return request;
    }

    /// <summary>Reads a JSON body. <see cref="Validate"/> returns what is wrong with it.</summary>
    public async Task ReadBodyAsync(CancellationToken cancellationToken) => _body = await JsonBody.ReadAsync(_http, cancellationToken);

    /// <summary>Reads a JSON object, or an empty one if there is no body. Fields that are never read are errors.</summary>
    public async Task ReadOptionalBodyAsync(CancellationToken cancellationToken)
    {
        _body = await JsonBody.ReadOptionalAsync(_http, cancellationToken);
        _fields = new FieldReader(Body, Errors);
    }

    /// <summary>Reads a JSON merge patch (RFC 7396).</summary>
    public async Task ReadMergePatchAsync(CancellationToken cancellationToken) =>
        _body = await JsonBody.ReadMergePatchAsync(_http, cancellationToken);

    /// <summary>Reads the header <c>If-Match</c>.</summary>
    public IfMatch IfMatch() => Http.IfMatch.Read(_http, Errors);

    /// <summary>Reads a header that may be given once; null if it is absent.</summary>
    public string? Header(string name)
    {
        var values = _http.Headers[name];
        if (values.Count > 1)
        {
            Errors.Add(name, "is given more than once");
        }

        return values.Count == 1 ? values[0] : null;
    }

    /// <summary>Returns the problem with the request, or null if it is valid.</summary>
    public IResult? Validate()
    {
        _isValidated = true;
        if (_body.Problem is { } problem)
        {
            return problem;
        }

        Query.ReportUnknown();
        _fields?.ReportUnknown();
        return Errors.Any ? Errors.ToProblem() : null;
    }

    /// <summary>Returns a page of a list; or all that follows, if the caller accepts newline-delimited JSON.</summary>
    internal async Task<IResult> ListAsync<T>(
        PageRequest page,
        Func<PageRequest, CancellationToken, Task<ListPage<T>>> read,
        JsonTypeInfo<T> item,
        JsonTypeInfo<ListPage<T>> list,
        CancellationToken cancellationToken
    )
    {
        var isExport = PrefersNdjson(_http.GetTypedHeaders().Accept);
        page = isExport ? page with { Size = PageRequest.MaxSize } : page;
        var first = await read(page, cancellationToken);
        return isExport ? new NdjsonResult<T>(first, page, read, item) : ApiResult.Ok(first, list);
    }

    /// <summary>Whether newline-delimited JSON is accepted, and JSON is not preferred to it (RFC 9110 §12.5.1).</summary>
    private static bool PrefersNdjson(IEnumerable<MediaTypeHeaderValue> accepted)
    {
        var (ndjson, json) = (0.0, 0.0);
        foreach (var range in accepted)
        {
            var quality = range.Quality ?? 1;
            if (range.MediaType.Equals(Ndjson, StringComparison.OrdinalIgnoreCase))
            {
                ndjson = Math.Max(ndjson, quality);
            }
            else if (range.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
            {
                json = Math.Max(json, quality);
            }
        }

        return ndjson > 0 && ndjson >= json;
    }

    /// <summary>404. The same for what never existed and what the caller may not see.</summary>
    /// <param name="what">What the path names, such as <c>Subscription</c>.</param>
    /// <param name="nearest">A similar name that exists, or null.</param>
    public IResult NotFound(string what, string? nearest = null)
    {
        _isValidated = true;
        return Problem.NotFound(nearest is null ? $"{what} not found." : $"{what} not found. Did you mean '{nearest}'?");
    }

    /// <summary>403. For what the role alone does not decide.</summary>
    public IResult Forbidden(string detail)
    {
        _isValidated = true;
        return Problem.Forbidden(detail);
    }

    /// <summary>Throws if a function returned without having validated its request.</summary>
    internal static void EnsureValidated(FunctionContext context)
    {
        if (!context.Items.TryGetValue(s_key, out var request) || !((ApiRequest)request)._isValidated)
        {
            throw new InvalidOperationException($"{context.FunctionDefinition.Name} returned without ApiRequest.{nameof(Validate)}.");
        }
    }
}
