using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace EventSubscriptions.Tests.Architecture;

/// <summary>The public types and members of an assembly as text: one line each, as one would declare it. Whether a reference may be null isn't said.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool",
        [typeof(int)] = "int", [typeof(long)] = "long", [typeof(double)] = "double", [typeof(byte)] = "byte",
    };

    /// <summary>The lines of a type, the first of which is the type's own.</summary>
    public static IEnumerable<string> Lines(Type type)
    {
        yield return $"{FullName(type)}: {Kind(type)}";
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            yield break;
        }

        foreach (var member in Members(type))
        {
            yield return $"{FullName(type)}.{Line(member)}";
        }
    }

    /// <summary>What others may call or override. Compiler-made members of a type are not among them.</summary>
    public static IEnumerable<MemberInfo> Members(Type type) =>
        type.GetMembers(Declared).Where(member => IsVisible(member) && !member.IsDefined(typeof(CompilerGeneratedAttribute)));

    public static string Line(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => $"{constructor.DeclaringType!.Name.Split('`')[0]}({Parameters(constructor)}){Modifiers(constructor)}",
        MethodInfo method => $"{method.Name}{TypeParameters(method)}({Parameters(method)}): {Name(method.ReturnType)}{Constraints(method)}{Modifiers(method)}",
        PropertyInfo property => $"{PropertyName(property)}: {Name(property.PropertyType)} {{{Accessors(property)} }}{Modifiers((property.GetMethod ?? property.SetMethod)!)}",
        FieldInfo field => $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}",
        _ => throw new NotSupportedException(member.ToString()),
    };

    private static bool IsVisible(MemberInfo member) => member switch
    {
        MethodInfo { IsSpecialName: true } => false,
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsVisibleAccessor),
        FieldInfo field => field is { IsPublic: true, IsLiteral: true },
        _ => false,
    };

    private static bool IsVisibleAccessor(MethodInfo accessor) => accessor.IsPublic || accessor.IsFamily || accessor.IsFamilyOrAssembly;

    private static string Kind(Type type)
    {
        var kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            _ when typeof(Delegate).IsAssignableFrom(type) => Delegated(type.GetMethod("Invoke")!),
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        return type.BaseType is { } parent && parent != typeof(object) && !type.IsEnum && !kind.StartsWith("delegate", StringComparison.Ordinal) ? $"{kind} : {Name(parent)}" : kind;

        static string Delegated(MethodInfo invoke) => $"delegate ({Parameters(invoke)}): {Name(invoke.ReturnType)}";
    }

    private static string PropertyName(PropertyInfo property) =>
        property.GetIndexParameters() is { Length: > 0 } index ? $"this[{string.Join(", ", index.Select(Parameter))}]" : property.Name;

    private static string Accessors(PropertyInfo property) =>
        string.Concat(new[] { (property.GetMethod, " get;"), (property.SetMethod, " set;") }.Where(one => one.Item1 is { } accessor && IsVisibleAccessor(accessor)).Select(one => one.Item2));

    private static string Modifiers(MethodBase method)
    {
        var words = new List<string>();
        if (method.IsFamily || method.IsFamilyOrAssembly)
        {
            words.Add("protected");
        }

        if (method.IsStatic)
        {
            words.Add("static");
        }

        if (method.IsAbstract && !method.DeclaringType!.IsInterface)
        {
            words.Add("abstract");
        }
        else if (method is { IsVirtual: true, IsFinal: false } and MethodInfo overriding && !method.DeclaringType!.IsInterface)
        {
            words.Add(overriding.GetBaseDefinition() == overriding ? "virtual" : "override");
        }

        return words.Count == 0 ? "" : $" [{string.Join(' ', words)}]";
    }

    private static string Parameters(MethodBase method) =>
        (method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "") + string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var prefix = parameter.IsOut ? "out " : parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "";
        var standard = !parameter.HasDefaultValue ? "" : parameter.RawDefaultValue switch
        {
            null => " = default",
            var value when parameter.ParameterType.IsEnum => $" = {Enum.ToObject(parameter.ParameterType, value)}",
            var value => string.Create(CultureInfo.InvariantCulture, $" = {value}"),
        };
        return $"{prefix}{Name(parameter.ParameterType)} {parameter.Name}{standard}";
    }

    private static string TypeParameters(MethodInfo method) =>
        method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(one => one.Name))}>" : "";

    private static string Constraints(MethodInfo method) => string.Concat((method.IsGenericMethodDefinition ? method.GetGenericArguments() : []).Select(one =>
    {
        var constraints = one.GetGenericParameterConstraints().Select(Name).ToList();
        if (one.GenericParameterAttributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            constraints.Insert(0, "class");
        }

        return constraints.Count == 0 ? "" : $" where {one.Name} : {string.Join(", ", constraints)}";
    }));

    private static string FullName(Type type) => $"{type.Namespace}.{NestedName(type)}";

    private static string NestedName(Type type) =>
        (type.DeclaringType is { } outer && !type.IsGenericParameter ? $"{NestedName(outer)}." : "") + type.Name.Split('`')[0]
        + (type.IsGenericTypeDefinition ? $"<{string.Join(", ", type.GetGenericArguments().Select(one => one.Name))}>" : "");

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return Name(type.GetElementType()!);
        }

        if (s_keywords.TryGetValue(type, out var keyword))
        {
            return keyword;
        }

        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[]";
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return $"{Name(underlying)}?";
        }

        return type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : NestedName(type);
    }
}
