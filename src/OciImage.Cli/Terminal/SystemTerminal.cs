using System.Text;

namespace OciImage.Cli.Terminal;

/// <summary>The console of this process.</summary>
internal sealed class SystemTerminal : ITerminal
{
    public TextWriter Out => Console.Out;

    public TextWriter Error => Console.Error;

    public TextReader In => Console.In;

    public bool IsErrorInteractive => !Console.IsErrorRedirected;

    public bool IsInputInteractive => !Console.IsInputRedirected;

    public TimeProvider Time => TimeProvider.System;

    public Stream OpenOutput()
    {
        Console.Out.Flush();
        return Console.OpenStandardOutput();
    }

    public Stream OpenInput() => Console.OpenStandardInput();

    public string? GetVariable(string name) => Environment.GetEnvironmentVariable(name);

    public string ReadSecret(string prompt)
    {
        Error.Write(prompt);
        var secret = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                secret.Length -= Math.Min(1, secret.Length);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                secret.Append(key.KeyChar);
            }
        }

        Error.WriteLine();
        return secret.ToString();
    }
}
