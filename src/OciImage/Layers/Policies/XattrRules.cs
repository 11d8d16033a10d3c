using System.Text;

namespace OciImage.Layers;

/// <summary>Decides which extended attributes are set.</summary>
internal sealed class XattrRules
{
    private readonly byte[][]? _names;
    private readonly byte[][] _prefixes = [];

    /// <summary>Initializes a new instance.</summary>
    /// <param name="allowed">Names, or beginnings of names with a <c>*</c> at the end; or <see langword="null"/> for the default.</param>
    public XattrRules(IReadOnlyList<string>? allowed)
    {
        if (allowed is not null)
        {
            _names = [.. allowed.Where(name => !name.EndsWith('*')).Select(Encoding.UTF8.GetBytes)];
            _prefixes = [.. allowed.Where(name => name.EndsWith('*')).Select(name => Encoding.UTF8.GetBytes(name[..^1]))];
        }
    }

    /// <summary>Gets whether attributes that mean something to an overlay are escaped by somebody who knows them.</summary>
    public bool EscapesOverlay { get; init; }

    /// <summary>Tells what the system or another machine's policy sets, and what would mean something to an overlay.</summary>
    public static bool IsLeftOut(ReadOnlySpan<byte> name) => IsSystem(name) || IsOverlay(name);

    public bool Allows(ReadOnlySpan<byte> name)
    {
        if (_names is null)
        {
            return !IsSystem(name) && (EscapesOverlay || !IsOverlay(name));
        }

        foreach (byte[] allowed in _names)
        {
            if (name.SequenceEqual(allowed))
            {
                return true;
            }
        }

        foreach (byte[] prefix in _prefixes)
        {
            if (name.StartsWith(prefix))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsSystem(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("security.selinux"u8) || name.SequenceEqual("security.ima"u8) ||
        name.SequenceEqual("security.evm"u8) || name.SequenceEqual("system.nfs4_acl"u8);

    private static bool IsOverlay(ReadOnlySpan<byte> name) =>
        name.StartsWith("trusted.overlay."u8) || name.StartsWith("user.overlay."u8);
}
