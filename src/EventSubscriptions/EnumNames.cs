using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json.Serialization;

namespace EventSubscriptions;

/// <summary>
/// The names that the members of an enum have in JSON, tables, messages and metrics: those of <see cref="JsonStringEnumMemberNameAttribute"/>.
/// </summary>
internal static class EnumNames<T>
    where T : struct, Enum
{
    private static readonly FrozenDictionary<T, string> s_names = Enum.GetValues<T>().ToFrozenDictionary(member => member, ReadName);
    private static readonly FrozenDictionary<string, T> s_members = s_names.ToFrozenDictionary(
        pair => pair.Value,
        pair => pair.Key,
        StringComparer.Ordinal
    );

    /// <summary>All names, in the order of the members.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<T>().Select(Of)];

    /// <summary>The name of a member.</summary>
    public static string Of(T member) => s_names[member];

    /// <summary>Finds a member by its name; null if there is none.</summary>
    public static T? Find(string? name) => name is not null && s_members.TryGetValue(name, out var member) ? member : null;

    private static string ReadName(T member) =>
        typeof(T).GetField(member.ToString())!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()!.Name;
}

internal static class EnumExtensions
{
    /// <summary>The name of a member, as in <see cref="EnumNames{T}"/>.</summary>
    public static string ToName<T>(this T member)
        where T : struct, Enum => EnumNames<T>.Of(member);
}
