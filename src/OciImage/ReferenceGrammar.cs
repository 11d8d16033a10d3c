using System.Buffers;

namespace OciImage;

/// <summary>Knows the grammar of references and its parts, which is Docker's.</summary>
internal static class ReferenceGrammar
{
    public const int MaxTagLength = 128;
    public const int MaxRepositoryLength = 255;

    private static readonly SearchValues<char> TagCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    private static readonly SearchValues<char> HostCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    private static readonly SearchValues<char> Ipv6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");
    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    // tag ::= [A-Za-z0-9_] [A-Za-z0-9_.-]{0,127}
    public static bool IsTag(ReadOnlySpan<char> tag) =>
        tag.Length is > 0 and <= MaxTagLength && tag[0] is not ('.' or '-') && !tag.ContainsAnyExcept(TagCharacters);

    // repository ::= component ('/' component)*
    public static bool IsRepository(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty || name.Length > MaxRepositoryLength)
        {
            return false;
        }

        foreach (Range range in name.Split('/'))
        {
            if (!IsComponent(name[range]))
            {
                return false;
            }
        }

        return true;
    }

    // registry ::= (host | '[' ipv6 ']') [':' port]
    public static bool IsRegistry(ReadOnlySpan<char> registry)
    {
        if (registry.Length > 255)
        {
            return false;
        }

        ReadOnlySpan<char> port = default;
        ReadOnlySpan<char> host = registry;
        bool hasPort = false;
        if (registry.StartsWith("["))
        {
            int end = registry.IndexOf(']');
            if (end < 3 || registry[1..end].ContainsAnyExcept(Ipv6Characters))
            {
                return false;
            }

            hasPort = end + 1 < registry.Length;
            if (hasPort && registry[end + 1] != ':')
            {
                return false;
            }

            port = hasPort ? registry[(end + 2)..] : default;
            return !hasPort || IsPort(port);
        }

        int colon = registry.IndexOf(':');
        if (colon >= 0)
        {
            hasPort = true;
            host = registry[..colon];
            port = registry[(colon + 1)..];
        }

        foreach (Range range in host.Split('.'))
        {
            ReadOnlySpan<char> label = host[range];
            if (label.IsEmpty || label[0] == '-' || label[^1] == '-' || label.ContainsAnyExcept(HostCharacters))
            {
                return false;
            }
        }

        return !hasPort || IsPort(port);
    }

    // Docker takes the first part for a registry only when it cannot be a repository of Docker Hub.
    public static bool LooksLikeRegistry(ReadOnlySpan<char> first) =>
        first.ContainsAny('.', ':', '[') || first.SequenceEqual("localhost") || first.ContainsAnyInRange('A', 'Z');

    // Docker refuses such a name, since it reads like the identifier of a local image.
    public static bool IsIdentifier(ReadOnlySpan<char> name) => name.Length == 64 && !name.ContainsAnyExcept(LowerHex);

    private static bool IsPort(ReadOnlySpan<char> port) =>
        port.Length is > 0 and <= 5 && !port.ContainsAnyExceptInRange('0', '9') && int.Parse(port) is > 0 and <= 65535;

    // component ::= [a-z0-9]+ (('.' | '_' | '__' | '-'+) [a-z0-9]+)*
    private static bool IsComponent(ReadOnlySpan<char> component)
    {
        while (true)
        {
            int alphanumerics = 0;
            while (alphanumerics < component.Length &&
                (char.IsAsciiLetterLower(component[alphanumerics]) || char.IsAsciiDigit(component[alphanumerics])))
            {
                alphanumerics++;
            }

            if (alphanumerics == 0 || alphanumerics == component.Length)
            {
                return alphanumerics > 0;
            }

            component = component[alphanumerics..];
            int separator = component switch
            {
                ['_', '_', ..] => 2,
                ['.' or '_', ..] => 1,
                ['-', ..] => component.Length - component.TrimStart('-').Length,
                _ => 0,
            };
            if (separator == 0)
            {
                return false;
            }

            component = component[separator..];
        }
    }
}
