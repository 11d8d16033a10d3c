using System.CommandLine;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg completion SHELL</c>: writes a script that completes command lines.</summary>
internal static class CompletionCommand
{
    private const string Bash =
        """
        _ocimg() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(ocimg "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _ocimg ocimg
        """;

    private const string Zsh =
        """
        #compdef ocimg
        _ocimg() {
            local -a completions
            completions=("${(@f)$(ocimg "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            compadd -a completions
            _files
        }
        compdef _ocimg ocimg
        """;

    private const string PowerShell =
        """
        Register-ArgumentCompleter -Native -CommandName ocimg -ScriptBlock {
            param($wordToComplete, $commandAst, $cursorPosition)
            ocimg "[suggest:$cursorPosition]" "$commandAst" 2>$null | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
            }
        }
        """;

    public static Command Create(CommandContext context)
    {
        var shell = new Argument<string>("SHELL") { Description = "The shell." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "pwsh");
        var command = new Command(
            "completion", "Print a script that completes ocimg's command lines, to be sourced by the shell.") { shell };
        command.SetAction(result =>
        {
            context.Terminal.Out.WriteLine(result.GetRequiredValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                _ => PowerShell,
            });
            return ExitCode.Done;
        });

        return command;
    }
}
