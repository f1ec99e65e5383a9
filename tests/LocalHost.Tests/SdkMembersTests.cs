using System.Reflection;
using System.Reflection.Emit;
using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using LocalHost.Hosting;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Tests;

/// <summary>The base classes of the SDKs' clients would reach for a connection that doesn't exist: so nothing is left to them.</summary>
public sealed class SdkMembersTests
{
    private static readonly Type[] s_bases =
    [
        typeof(ServiceBusClient),
        typeof(ServiceBusSender),
        typeof(ServiceBusMessageActions),
        typeof(TableServiceClient),
        typeof(TableClient),
        typeof(FunctionContext),
        typeof(FunctionDefinition),
        typeof(TraceContext),
    ];

    private static readonly Type[] s_types =
    [
        .. typeof(LocalFunctionsHost).Assembly.GetTypes().Where(type => s_bases.Contains(type.BaseType)),
    ];

    public static TheoryData<Type> Types => new(s_types);

    [Fact]
    public void Every_base_class_is_derived_from() => Assert.Empty(s_bases.Except(s_types.Select(type => type.BaseType)));

    [Theory]
    [MemberData(nameof(Types), DisableDiscoveryEnumeration = true)]
    public void No_member_is_left_to_the_base_class(Type type) =>
        Assert.Empty(VirtualMethods(type).Where(method => method.DeclaringType != type).Select(method => $"{method}"));

    [Theory]
    [MemberData(nameof(Types), DisableDiscoveryEnumeration = true)]
    public void Member_that_is_not_supported_says_so_by_name(Type type)
    {
        // None of these looks at its instance.
        var instance = System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type);
        GC.SuppressFinalize(instance);
        Assert.All(
            VirtualMethods(type).Where(IsUnsupported),
            method =>
            {
                var closed = method.IsGenericMethodDefinition ? method.MakeGenericMethod(typeof(TableEntity)) : method;
                object?[] arguments = [.. closed.GetParameters().Select(parameter => DefaultOf(parameter.ParameterType))];

                var failure = Assert.Throws<TargetInvocationException>(() => closed.Invoke(instance, arguments));

                var exception = Assert.IsType<NotSupportedException>(failure.InnerException);
                Assert.Contains(
                    $" {method.Name[(method.IsSpecialName ? "get_".Length : 0)..]}.",
                    exception.Message,
                    StringComparison.Ordinal
                );
            }
        );
    }

    /// <summary>Those that whoever has a variable of the base class can call, as the type has them.</summary>
    private static IEnumerable<MethodInfo> VirtualMethods(Type type) =>
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance)
        let root = method.GetBaseDefinition()
        where root.IsVirtual && root.DeclaringType != typeof(object) && (!method.IsFinal || method.DeclaringType == type)
        select method;

    private static object? DefaultOf(Type type) => type.IsValueType ? Activator.CreateInstance(type) : null;

    /// <summary>Whether it calls <see cref="Unsupported.Member"/>.</summary>
    private static bool IsUnsupported(MethodInfo method)
    {
        var member = typeof(Unsupported).GetMethod(nameof(Unsupported.Member))!;
        byte[] call = [(byte)OpCodes.Call.Value, .. BitConverter.GetBytes(member.MetadataToken)];
        return method.GetMethodBody()!.GetILAsByteArray().AsSpan().IndexOf(call) >= 0;
    }
}
