using System.Text;
using System.Text.Unicode;

namespace OciImage.Layers;

/// <summary>Knows which names a system's file systems can have, and which of them are one name to it.</summary>
internal sealed class NameRules
{
    private const int MaxName = 255;

    private static readonly System.Buffers.SearchValues<char> WindowsForbidden =
        System.Buffers.SearchValues.Create("<>:\"/\\|?*\0\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\v\f\r\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f");

    private readonly bool _isWindows;
    private readonly bool _folds;

    private NameRules(bool isWindows, bool folds)
    {
        _isWindows = isWindows;
        _folds = folds;
    }

    /// <summary>Gets the rules of Windows: reserved names and characters, no difference of case.</summary>
    public static NameRules Windows { get; } = new(isWindows: true, folds: true);

    /// <summary>Gets the rules of macOS: text, no difference of case or of composition.</summary>
    public static NameRules MacOS { get; } = new(isWindows: false, folds: true);

    /// <summary>Gets the rules of other systems: text.</summary>
    public static NameRules Unix { get; } = new(isWindows: false, folds: false);

    /// <summary>Gets the rules of this system.</summary>
    public static NameRules Current { get; } =
        OperatingSystem.IsWindows() ? Windows : OperatingSystem.IsMacOS() ? MacOS : Unix;

    public bool IsWindows => _isWindows;

    /// <summary>Reads a name; returns why the system cannot have it, or <see langword="null"/>.</summary>
    public string? Read(ReadOnlySpan<byte> bytes, out string name)
    {
        name = "";
        if (!Utf8.IsValid(bytes))
        {
            return "is no text";
        }

        name = Encoding.UTF8.GetString(bytes);
        return
            name.Length > MaxName ? $"has more than {MaxName} characters" :
            !_isWindows ? null :
            name.AsSpan().ContainsAny(WindowsForbidden) ? "has a character that Windows does not allow" :
            name[^1] is '.' or ' ' ? "ends in a dot or a blank, which Windows drops" :
            IsDevice(name) ? "is the name of a device on Windows" :
            null;
    }

    /// <summary>Returns what two names have in common that the system takes for one.</summary>
    public string KeyOf(string name) => _folds ? Compose(name).ToUpperInvariant() : name;

    // Without the data for it the text stays as it is; the file system itself is asked too when something is made.
    private static string Compose(string name)
    {
        try
        {
            return name.Normalize(NormalizationForm.FormD);
        }
        catch (ArgumentException)
        {
            return name;
        }
    }

    // CON, NUL.txt, COM1 .log, LPT² and the like open devices in every directory.
    private static bool IsDevice(string name)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        ReadOnlySpan<char> stem = (dot < 0 ? name : name.AsSpan(0, dot)).TrimEnd(' ');
        return Is(stem, "CON") || Is(stem, "PRN") || Is(stem, "AUX") || Is(stem, "NUL") || Is(stem, "CONIN$") || Is(stem, "CONOUT$") ||
            Is(stem, "CLOCK$") ||
            (stem.Length == 4 && (Is(stem[..3], "COM") || Is(stem[..3], "LPT")) && stem[3] is (>= '0' and <= '9') or '¹' or '²' or '³');
    }

    private static bool Is(ReadOnlySpan<char> stem, string device) => stem.Equals(device, StringComparison.OrdinalIgnoreCase);
}
