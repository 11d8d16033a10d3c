namespace OciImage.TestKit.Registry;

/// <summary>Says how a connection is cut.</summary>
public enum CutKind
{
    /// <summary>With RST: both ends see an error, and what was not delivered yet is lost.</summary>
    Reset,

    /// <summary>With FIN: who receives gets all that was sent, and sees an early end.</summary>
    End,

    /// <summary>One or the other, as the seed has it.</summary>
    Either,
}
