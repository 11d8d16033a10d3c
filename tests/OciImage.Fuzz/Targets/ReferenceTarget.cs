using System.Text;

namespace OciImage.Fuzz.Targets;

/// <summary>References to images, as users write them.</summary>
public sealed class ReferenceTarget : FuzzTarget
{
    /// <inheritdoc/>
    public override string Name => "reference";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Words =>
        [":", "/", "@", "@sha256:", "@sha512:", ":5000", "localhost", "docker.io/", "library/", "[::1]", "-", "__", new string('0', 64)];

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<byte> input)
    {
        string text = Encoding.UTF8.GetString(input);
        if (!ImageReference.TryParse(text, out ImageReference? reference))
        {
            MustRefuse(text);
            return;
        }

        string shown = reference.ToString();
        BrokenPromiseException.Unless(ImageReference.Parse(text) == reference, "Parse and TryParse disagree.");
        BrokenPromiseException.Unless(
            ImageReference.TryParse(shown, out ImageReference? again) && again == reference, "The text form is another reference.");
        BrokenPromiseException.Unless(ReferenceGrammar.IsRegistry(reference.Registry), "The registry is none.");
        BrokenPromiseException.Unless(ReferenceGrammar.IsRepository(reference.Repository), "The repository is none.");
        BrokenPromiseException.Unless(reference.Tag is null || ReferenceGrammar.IsTag(reference.Tag), "The tag is none.");
    }

    private static void MustRefuse(string text)
    {
        try
        {
            ImageReference.Parse(text);
        }
        catch (FormatException exception)
        {
            // A message is for a person to read: it shows a little of the text, and no control characters.
            BrokenPromiseException.Unless(exception.Message.Length < 1000, "A message repeats all of the text.");
            BrokenPromiseException.Unless(!exception.Message.Any(char.IsControl), "A message has control characters.");
            return;
        }

        throw new BrokenPromiseException("Parse takes what TryParse refuses.");
    }
}
