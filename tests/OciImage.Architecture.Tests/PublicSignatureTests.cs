using System.Reflection;

namespace OciImage.Architecture.Tests;

/// <summary>Holds the public surface to types of our own and of the base class library.</summary>
public sealed class PublicSignatureTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact]
    public void PublicMembers_NameNoThirdPartyType()
    {
        string[] foreign =
        [
            .. ExportedTypes()
                .SelectMany(type => type.GetMembers(Declared).SelectMany(TypesOf).Prepend(type.BaseType ?? type)
                    .SelectMany(Parts)
                    .Where(part => !IsOwnOrBase(part))
                    .Select(part => $"{type} names {part}"))
                .Distinct(),
        ];

        Assert.Empty(foreign);
    }

    [Fact]
    public void PublicTypes_AreSealedStaticAbstractOrInterfaces()
    {
        string[] open =
        [
            .. ExportedTypes()
                .Where(type => type.IsClass && !type.IsSealed && !type.IsAbstract)
                .Select(type => type.FullName!),
        ];

        Assert.Empty(open);
    }

    private static IEnumerable<Type> ExportedTypes() =>
        typeof(Digest).Assembly.GetExportedTypes().Concat(typeof(Engines.EngineException).Assembly.GetExportedTypes());

    private static IEnumerable<Type> TypesOf(MemberInfo member) => member switch
    {
        MethodInfo method => method.GetParameters().Select(parameter => parameter.ParameterType).Append(method.ReturnType),
        ConstructorInfo constructor => constructor.GetParameters().Select(parameter => parameter.ParameterType),
        PropertyInfo property => [property.PropertyType],
        FieldInfo field => [field.FieldType],
        EventInfo @event => [@event.EventHandlerType!],
        _ => [],
    };

    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!) :
        type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type) : [type];

    private static bool IsOwnOrBase(Type type) =>
        type.IsGenericParameter || type.Assembly == typeof(Digest).Assembly ||
        type.Assembly == typeof(Engines.EngineException).Assembly ||
        type.Namespace?.StartsWith("System", StringComparison.Ordinal) == true;
}
