namespace EventSubscriptions.Http;

/// <summary>The names of roles in the API.</summary>
internal static class RoleNames
{
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<Role>().Select(Of)];

    public static string Of(Role role) =>
        role switch
        {
            Role.Read => "read",
            Role.Publish => "publish",
            Role.Manage => "manage",
            Role.Admin => "admin",
            _ => throw new ArgumentOutOfRangeException(nameof(role)),
        };

    public static Role? Parse(string? name)
    {
        foreach (var role in Enum.GetValues<Role>())
        {
            if (Of(role) == name)
            {
                return role;
            }
        }

        return null;
    }
}
