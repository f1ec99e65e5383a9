using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Http;

/// <summary>Requests to give to functions, and what functions return.</summary>
internal static class Requests
{
    private static readonly ServiceProvider s_services = new ServiceCollection().AddLogging().BuildServiceProvider();

    public static HttpRequest Get(string query = "") => With("GET", query);

    public static HttpRequest Post(string body, string? contentType = "application/json") =>
        WithBody("POST", Encoding.UTF8.GetBytes(body), contentType);

    public static HttpRequest WithBody(string method, byte[] body, string? contentType)
    {
        var request = With(method, "");
        request.Body = new MemoryStream(body);
        request.ContentType = contentType;
        request.ContentLength = body.Length;
        return request;
    }

    public static HttpRequest IfMatch(this HttpRequest request, params string[] tags)
    {
        request.Headers.IfMatch = tags;
        return request;
    }

    /// <summary>The reply of a running function.</summary>
    public static async Task<Reply> Reply(this Task<IResult> function) => await (await function).ReplyAsync();

    public static async Task<Reply> ReplyAsync(this IResult result)
    {
        var context = new DefaultHttpContext { RequestServices = s_services };
        using var body = new MemoryStream();
        context.Response.Body = body;
        await result.ExecuteAsync(context);
        await context.Response.CompleteAsync();
        return new Reply(context.Response.StatusCode, context.Response.Headers, Encoding.UTF8.GetString(body.ToArray()));
    }

    private static HttpRequest With(string method, string query)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        context.Request.QueryString = new QueryString(query);
        return context.Request;
    }
}

/// <summary>A response as it went out.</summary>
internal sealed record Reply(int Status, IHeaderDictionary Headers, string Body)
{
    public JsonElement Json => JsonElement.Parse(Body);

    /// <summary>The messages by field of a problem.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Errors => Read<ProblemResult>().Errors!;

    /// <summary>The body as one of the API's results.</summary>
    public T Read<T>() => ClientJson.Read<T>(Body);
}
