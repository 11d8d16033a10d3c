System.Console.WriteLine("ocimg");
