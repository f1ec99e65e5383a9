using System.Text.Json;
using System.Text.Json.Serialization;

namespace TestSupport.App;

/// <summary>Reads and writes the API's JSON.</summary>
internal static class ClientJson
{
    /// <summary>Strict: a field that is missing, unknown or null without being optional fails.</summary>
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public static T Read<T>(string json) =>
        JsonSerializer.Deserialize<T>(json, s_options) ?? throw new InvalidOperationException("The JSON is null.");

    public static T Read<T>(byte[] json) =>
        JsonSerializer.Deserialize<T>(json, s_options) ?? throw new InvalidOperationException("The JSON is null.");

    public static string Write(object value) => JsonSerializer.Serialize(value, s_options);
}
