using System.Globalization;

namespace OciImage.Fuzz.Running;

/// <summary>What the command line asks for.</summary>
internal sealed record FuzzSettings(string Target, TimeSpan Time, int Seed, string Findings, string? Input)
{
    public const string Usage =
        """
        usage: OciImage.Fuzz <target> [--seconds N] [--seed N] [--findings DIRECTORY]
               OciImage.Fuzz <target> --input FILE
        """;

    /// <summary>Reads the arguments; <see langword="null"/> where they make no sense.</summary>
    public static FuzzSettings? Parse(string[] arguments)
    {
        if (arguments is not [var target, .. var rest] || rest.Length % 2 != 0)
        {
            return null;
        }

        var settings = new FuzzSettings(target, TimeSpan.FromSeconds(60), Environment.TickCount, "artifacts/fuzz", null);
        foreach (string[] pair in rest.Chunk(2))
        {
            bool isNumber = int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out int number);
            switch (pair[0])
            {
                case "--seconds" when isNumber:
                    settings = settings with { Time = TimeSpan.FromSeconds(number) };
                    break;
                case "--seed" when isNumber:
                    settings = settings with { Seed = number };
                    break;
                case "--findings":
                    settings = settings with { Findings = pair[1] };
                    break;
                case "--input":
                    settings = settings with { Input = pair[1] };
                    break;
                default:
                    return null;
            }
        }

        return settings;
    }
}
