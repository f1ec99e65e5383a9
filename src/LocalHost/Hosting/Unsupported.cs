using System.Runtime.CompilerServices;

namespace LocalHost.Hosting;

/// <summary>For members of the SDK's types that the product could call but doesn't.</summary>
internal static class Unsupported
{
    /// <summary>The exception to throw, because the base class would use a connection that doesn't exist.</summary>
    public static NotSupportedException Member([CallerMemberName] string name = "") => new($"The local host does not support {name}.");
}
