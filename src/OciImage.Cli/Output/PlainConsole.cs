using Spectre.Console;
using Spectre.Console.Rendering;

namespace OciImage.Cli.Output;

/// <summary>Renders tables and trees as text without colours, so that a digest is never broken into lines.</summary>
internal static class PlainConsole
{
    private const int NeverWrap = 4000;

    public static void Write(TextWriter writer, IRenderable what)
    {
        using var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = NeverWrap;
        console.Write(what);
        foreach (ReadOnlySpan<char> line in text.ToString().AsSpan().TrimEnd().EnumerateLines())
        {
            writer.WriteLine(line.TrimEnd(' '));
        }
    }
}
