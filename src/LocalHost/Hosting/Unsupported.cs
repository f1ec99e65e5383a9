using System.Runtime.CompilerServices;

namespace LocalHost.Hosting;

/// <summary>What the clients of this host leave out of the SDK's types.</summary>
internal static class Unsupported
{
    /// <summary>To throw where a member that isn't implemented is called: the base class would reach for a connection that doesn't exist.</summary>
    public static NotSupportedException Member([CallerMemberName] string name = "") => new($"The local host does not support {name}.");
}
