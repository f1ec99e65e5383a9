using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Http;

/// <summary>The successful results of HTTP functions.</summary>
public static class ApiResult
{
    /// <summary>200 with a body, and the <c>ETag</c> of the resource if it has one.</summary>
    public static IResult Ok<T>(T body, JsonTypeInfo<T> type, EntityTag? tag = null) =>
        new JsonContentResult<T>(StatusCodes.Status200OK, body, type) { Tag = tag };

    /// <summary>201 with the new resource and its location.</summary>
    public static IResult Created<T>(string location, T body, JsonTypeInfo<T> type, EntityTag? tag = null) =>
        new JsonContentResult<T>(StatusCodes.Status201Created, body, type) { Location = location, Tag = tag };

    /// <summary>202 with a body: the operation has started.</summary>
    public static IResult Accepted<T>(T body, JsonTypeInfo<T> type) => new JsonContentResult<T>(StatusCodes.Status202Accepted, body, type);

    /// <summary>Any status with a body.</summary>
    public static IResult Json<T>(int status, T body, JsonTypeInfo<T> type) => new JsonContentResult<T>(status, body, type);

    /// <summary>204.</summary>
    public static IResult NoContent() => TypedResults.NoContent();
}

/// <summary>A JSON body with a status and the headers that belong to it.</summary>
internal sealed class JsonContentResult<T>(int status, T body, JsonTypeInfo<T> type) : IResult, IStatusCodeHttpResult, IValueHttpResult<T>
{
    int? IStatusCodeHttpResult.StatusCode => status;

    public int StatusCode => status;

    public T? Value => body;

    public string ContentType { get; init; } = "application/json; charset=utf-8";

    public EntityTag? Tag { get; init; }

    public string? Location { get; init; }

    public int? RetryAfterSeconds { get; init; }

    public string? Challenge { get; init; }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var buffer = new ArrayBufferWriter<byte>();
        await using (var writer = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            JsonSerializer.Serialize(writer, body, type);
        }

        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = ContentType;
        response.ContentLength = buffer.WrittenCount;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (Tag is { } tag)
        {
            response.Headers.ETag = tag.ToString();
        }

        if (Location is not null)
        {
            response.Headers.Location = Location;
        }

        if (RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (Challenge is not null)
        {
            response.Headers.WWWAuthenticate = Challenge;
        }

        await response.BodyWriter.WriteAsync(buffer.WrittenMemory, httpContext.RequestAborted);
    }
}
