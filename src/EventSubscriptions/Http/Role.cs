namespace EventSubscriptions.Http;

/// <summary>What a key may do. Each role but <see cref="Publish"/> includes those before it.</summary>
public enum Role
{
    Read,
    Publish,
    Manage,
    Admin,
}
