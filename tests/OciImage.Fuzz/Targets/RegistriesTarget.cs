using System.Text;
using OciImage.Registry.Hosts;

namespace OciImage.Fuzz.Targets;

/// <summary>containers' <c>registries.conf</c>.</summary>
public sealed class RegistriesTarget : FuzzTarget
{
    private static readonly (string Registry, string Repository)[] Questions =
        [("a.test", "team/app"), ("docker.io", "library/busybox"), ("x.a.test:5000", "app"), ("a.test", "")];

    /// <inheritdoc/>
    public override string Name => "registries.conf";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Words =>
    [
        "[[registry]]\n", "[[registry.mirror]]\n", "prefix = \"*.a.test\"\n", "location = \"b.test/c\"\n", "blocked = true\n", "insecure = true\n",
        "mirror-by-digest-only = true\n", "pull-from-mirror = \"tag-only\"\n", "unqualified-search-registries = [\"a.test\"]\n",
        "short-name-mode = \"enforcing\"\n", "credential-helpers = [\"x\"]\n", "[aliases]\n", "\"app\" = \"a.test/app\"\n", "\"", "'", "[", "]", "=", "\n",
    ];

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<byte> input)
    {
        try
        {
            RegistriesFile file = RegistriesFileParser.Parse(Encoding.UTF8.GetString(input), "/test/registries.conf");
            foreach (RegistryRule rule in file.Rules)
            {
                foreach ((string registry, string repository) in Questions)
                {
                    Check(rule, registry, repository);
                }
            }
        }
        catch (DocumentFormatException exception)
        {
            Refusal.Check(exception, "hidden");
        }
    }

    private static void Check(RegistryRule rule, string registry, string repository)
    {
        if (rule.Prefix.Match(registry, repository) < 0)
        {
            return;
        }

        foreach (RegistryMirror place in rule.Mirrors.Append(rule.Place))
        {
            (string host, string? moved) = rule.Rewrite(place, registry, repository);
            BrokenPromiseException.Unless(ReferenceGrammar.IsRegistry(host), "A host is none.");
            BrokenPromiseException.Unless(moved is null || ReferenceGrammar.IsRepository(moved), "A repository is none.");
        }
    }
}
