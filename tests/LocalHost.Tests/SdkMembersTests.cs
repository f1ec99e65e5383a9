using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using EventSubscriptions;
using LocalHost.Hosting;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Tests;

/// <summary>
/// The base classes of the SDKs' clients would use a connection that doesn't exist: so each member that the product calls is overridden.
/// </summary>
public sealed class SdkMembersTests
{
    private static readonly Type[] s_bases =
    [
        typeof(ServiceBusClient),
        typeof(ServiceBusSender),
        typeof(ServiceBusReceiver),
        typeof(ServiceBusMessageActions),
        typeof(TableServiceClient),
        typeof(TableClient),
    ];

    private static readonly Dictionary<Type, Type> s_types = typeof(LocalFunctionsHost)
        .Assembly.GetTypes()
        .Where(type => s_bases.Contains(type.BaseType))
        .ToDictionary(type => type.BaseType!);

    public static TheoryData<Type> Bases => [.. s_bases];

    [Theory]
    [MemberData(nameof(Bases), DisableDiscoveryEnumeration = true)]
    public void Every_member_that_the_product_calls_is_overridden(Type baseType)
    {
        var called = CalledMembers(baseType);
        var overridden = s_types[baseType]
            .GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Select(method => method.GetBaseDefinition().MetadataToken);

        Assert.NotEmpty(called);
        Assert.Empty(called.Where(method => !overridden.Contains(method.MetadataToken)).Select(method => $"{method}"));
    }

    /// <summary>The instance members of a type that the product's code refers to.</summary>
    private static IReadOnlyList<MethodBase> CalledMembers(Type type)
    {
        var module = typeof(EventSubscriptionsApp).Module;
        using var file = new PEReader(File.OpenRead(module.Assembly.Location));
        var metadata = file.GetMetadataReader();
        return
        [
            .. metadata
                .MemberReferences.Where(handle => IsMemberOf(metadata, handle, type))
                .Select(handle => module.ResolveMethod(MetadataTokens.GetToken(handle))!)
                .Where(method => method is { IsStatic: false, IsConstructor: false }),
        ];
    }

    private static bool IsMemberOf(MetadataReader metadata, MemberReferenceHandle handle, Type type)
    {
        var parent = metadata.GetMemberReference(handle).Parent;
        if (parent.Kind != HandleKind.TypeReference)
        {
            return false;
        }

        var reference = metadata.GetTypeReference((TypeReferenceHandle)parent);
        return metadata.StringComparer.Equals(reference.Name, type.Name)
            && metadata.StringComparer.Equals(reference.Namespace, type.Namespace!);
    }
}
