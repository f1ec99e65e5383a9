using System.Text.Json.Serialization;

namespace EventSubscriptions.Http;

/// <summary>What a key may do. Each role but <see cref="Publish"/> includes those before it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Role>))]
public enum Role
{
    [JsonStringEnumMemberName("read")]
    Read,

    [JsonStringEnumMemberName("publish")]
    Publish,

    [JsonStringEnumMemberName("manage")]
    Manage,

    [JsonStringEnumMemberName("admin")]
    Admin,
}
