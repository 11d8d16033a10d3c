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

    /// <summary>Gets the beginning of the names that belong to the overlay that is made, or nothing where none is.</summary>
    /// <remarks>The kernel shows <c>trusted.overlay.overlay.x</c> in a mount as <c>trusted.overlay.x</c> (overlayfs.rst, "Nesting").</remarks>
    public ReadOnlyMemory<byte> OverlayPrefix { get; init; }

    /// <summary>Tells what the system or another machine's policy sets, and what would mean something to an overlay.</summary>
    public static bool IsLeftOut(ReadOnlySpan<byte> name) => IsSystem(name) || IsOverlay(name);

    public bool Allows(ReadOnlySpan<byte> name)
    {
        if (_names is null)
        {
            return !IsSystem(name) && (!OverlayPrefix.IsEmpty || !IsOverlay(name));
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

    /// <summary>Returns the name on disk.</summary>
    public ReadOnlyMemory<byte> NameOf(ReadOnlyMemory<byte> name) =>
        !OverlayPrefix.IsEmpty && name.Span.StartsWith(OverlayPrefix.Span)
            ? (byte[])[.. OverlayPrefix.Span, .. "overlay."u8, .. name.Span[OverlayPrefix.Length..]]
            : name;

    private static bool IsSystem(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("security.selinux"u8) || name.SequenceEqual("security.ima"u8) ||
        name.SequenceEqual("security.evm"u8) || name.SequenceEqual("system.nfs4_acl"u8);

    private static bool IsOverlay(ReadOnlySpan<byte> name) =>
        name.StartsWith("trusted.overlay."u8) || name.StartsWith("user.overlay."u8);
}
