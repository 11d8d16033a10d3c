using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace OciImage.Architecture.Tests;

/// <summary>Reads from an assembly's metadata and code which namespace uses which.</summary>
internal sealed class AssemblyDependencies : IDisposable
{
    private static readonly Dictionary<ushort, OperandType> Operands = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => unchecked((ushort)code.Value), code => code.OperandType);

    private readonly PEReader _pe;
    private readonly MetadataReader _reader;

    public AssemblyDependencies(string path)
    {
        _pe = new PEReader(File.OpenRead(path));
        _reader = _pe.GetMetadataReader();
    }

    /// <summary>Gets the names of the assemblies that are referenced.</summary>
    public IReadOnlyList<string> References =>
        [.. _reader.AssemblyReferences.Select(handle => _reader.GetString(_reader.GetAssemblyReference(handle).Name))];

    /// <summary>Gets each use of one type by another, by full names, this assembly's own types on the left.</summary>
    public IEnumerable<(string From, string To)> Uses()
    {
        foreach (TypeDefinitionHandle handle in _reader.TypeDefinitions)
        {
            string from = NameOf(handle);
            var used = new HashSet<string>(StringComparer.Ordinal);
            Collect(_reader.GetTypeDefinition(handle), used);
            foreach (string to in used)
            {
                yield return (from, to);
            }
        }
    }

    /// <summary>Returns the namespace of a type's full name, that of the outermost type for nested ones.</summary>
    public static string NamespaceOf(string type) => type.LastIndexOf('.') is > 0 and int dot ? type[..dot] : "";

    public void Dispose() => _pe.Dispose();

    private void Collect(TypeDefinition type, HashSet<string> used)
    {
        Add(type.BaseType, used);
        foreach (InterfaceImplementationHandle implementation in type.GetInterfaceImplementations())
        {
            Add(_reader.GetInterfaceImplementation(implementation).Interface, used);
        }

        var names = new NameCollector(this, used);
        foreach (FieldDefinitionHandle field in type.GetFields())
        {
            _reader.GetFieldDefinition(field).DecodeSignature(names, null);
        }

        foreach (MethodDefinitionHandle handle in type.GetMethods())
        {
            MethodDefinition method = _reader.GetMethodDefinition(handle);
            method.DecodeSignature(names, null);
            if (method.RelativeVirtualAddress != 0)
            {
                Collect(_pe.GetMethodBody(method.RelativeVirtualAddress), names, used);
            }
        }
    }

    private void Collect(MethodBodyBlock body, NameCollector names, HashSet<string> used)
    {
        if (!body.LocalSignature.IsNil)
        {
            _reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(names, null);
        }

        BlobReader il = body.GetILReader();
        while (il.RemainingBytes > 0)
        {
            ushort code = il.ReadByte();
            if (code == 0xFE)
            {
                code = (ushort)(0xFE00 | il.ReadByte());
            }

            switch (Operands[code])
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    Add(MetadataTokens.EntityHandle(il.ReadInt32()), used);
                    break;
                case OperandType.InlineSwitch:
                    int targets = il.ReadInt32();
                    il.Offset += 4 * targets;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    il.Offset += 8;
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    il.Offset += 1;
                    break;
                case OperandType.InlineVar:
                    il.Offset += 2;
                    break;
                default:
                    il.Offset += 4;
                    break;
            }
        }
    }

    private void Add(EntityHandle handle, HashSet<string> used)
    {
        if (handle.IsNil)
        {
            return;
        }

        var names = new NameCollector(this, used);
        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                used.Add(NameOf((TypeDefinitionHandle)handle));
                break;
            case HandleKind.TypeReference:
                used.Add(NameOf((TypeReferenceHandle)handle));
                break;
            case HandleKind.TypeSpecification:
                _reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(names, null);
                break;
            case HandleKind.MemberReference:
                Add(_reader.GetMemberReference((MemberReferenceHandle)handle).Parent, used);
                break;
            case HandleKind.MethodSpecification:
                MethodSpecification specification = _reader.GetMethodSpecification((MethodSpecificationHandle)handle);
                specification.DecodeSignature(names, null);
                Add(specification.Method, used);
                break;
            case HandleKind.MethodDefinition:
                Add(_reader.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType(), used);
                break;
            case HandleKind.FieldDefinition:
                Add(_reader.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType(), used);
                break;
        }
    }

    private string NameOf(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _reader.GetTypeDefinition(handle);
        TypeDefinitionHandle outer = type.GetDeclaringType();

        return outer.IsNil ? $"{_reader.GetString(type.Namespace)}.{_reader.GetString(type.Name)}" : NameOf(outer);
    }

    private string NameOf(TypeReferenceHandle handle)
    {
        TypeReference type = _reader.GetTypeReference(handle);

        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? NameOf((TypeReferenceHandle)type.ResolutionScope)
            : $"{_reader.GetString(type.Namespace)}.{_reader.GetString(type.Name)}";
    }

    private sealed class NameCollector(AssemblyDependencies owner, HashSet<string> used)
        : ISignatureTypeProvider<bool, object?>
    {
        public bool GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
            used.Add(owner.NameOf(handle));

        public bool GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) =>
            used.Add(owner.NameOf(handle));

        public bool GetTypeFromSpecification(
            MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, null);

        public bool GetArrayType(bool elementType, ArrayShape shape) => false;

        public bool GetByReferenceType(bool elementType) => false;

        public bool GetFunctionPointerType(MethodSignature<bool> signature) => false;

        public bool GetGenericInstantiation(bool genericType, ImmutableArray<bool> typeArguments) => false;

        public bool GetGenericMethodParameter(object? genericContext, int index) => false;

        public bool GetGenericTypeParameter(object? genericContext, int index) => false;

        public bool GetModifiedType(bool modifier, bool unmodifiedType, bool isRequired) => false;

        public bool GetPinnedType(bool elementType) => false;

        public bool GetPointerType(bool elementType) => false;

        public bool GetPrimitiveType(PrimitiveTypeCode typeCode) => false;

        public bool GetSZArrayType(bool elementType) => false;
    }
}
