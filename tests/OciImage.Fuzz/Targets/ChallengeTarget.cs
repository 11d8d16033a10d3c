using System.Text;
using OciImage.Registry.Auth;

namespace OciImage.Fuzz.Targets;

/// <summary>WWW-Authenticate headers; a line each.</summary>
public sealed class ChallengeTarget : FuzzTarget
{
    private const int MaxChallenges = 20;

    /// <inheritdoc/>
    public override string Name => "challenge";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Words =>
        ["Bearer ", "Basic ", "realm=", "\"", "\\", ", ", "service=", "scope=", "error=", "=", "https://", "repository:a/b:pull,push"];

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<byte> input)
    {
        IReadOnlyList<Challenge> challenges = Challenge.Parse(Encoding.Latin1.GetString(input).Split('\n'));

        BrokenPromiseException.Unless(challenges.Count <= MaxChallenges, "There are more challenges than may be.");
        foreach (Challenge challenge in challenges)
        {
            BrokenPromiseException.Unless(challenge.Scheme.Length > 0, "A challenge has no scheme.");
            BrokenPromiseException.Unless(challenge.Is(challenge.Scheme.ToUpperInvariant()), "A scheme's case matters.");
            foreach ((string name, string value) in challenge.Parameters)
            {
                BrokenPromiseException.Unless(name.Length > 0, "A parameter has no name.");
                BrokenPromiseException.Unless(!value.Any(char.IsControl), "A value has control characters.");
            }
        }
    }
}
