namespace EventSubscriptions.Http;

/// <summary>Who made a change.</summary>
/// <param name="Id">The key's id, or null if an older version did not store it.</param>
/// <param name="Name">The key's name.</param>
public sealed record Actor(string? Id, string Name);
