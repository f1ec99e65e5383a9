using System.Text.Json.Serialization;

namespace EventSubscriptions.Http;

/// <summary>What a key may do. Each role but <see cref="Publish"/> includes those before it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Role>))]
public enum Role
{
    [JsonStringEnumMemberName("read")]
    Read,

    /// <summary>Reads payloads too.</summary>
    [JsonStringEnumMemberName("analyst")]
    Analyst,

    [JsonStringEnumMemberName("publish")]
    Publish,

    [JsonStringEnumMemberName("manage")]
    Manage,

    [JsonStringEnumMemberName("admin")]
    Admin,
}
