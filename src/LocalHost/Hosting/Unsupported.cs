using System.Runtime.CompilerServices;

namespace LocalHost.Hosting;

/// <summary>Members of the SDK's types that this host doesn't implement.</summary>
internal static class Unsupported
{
    /// <summary>Thrown by members that are not implemented: the base class would use a connection that doesn't exist.</summary>
    public static NotSupportedException Member([CallerMemberName] string name = "") => new($"The local host does not support {name}.");
}
