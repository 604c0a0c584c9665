"""Sentences that nobody of the training sets says: Harvard lists 1-4, and some as news has them.

Harvard: "IEEE Recommended Practice for Speech Quality Measurements" (1969), lists 1 to 4.
"""

HARVARD = """
The birch canoe slid on the smooth planks.
Glue the sheet to the dark blue background.
It is easy to tell the depth of a well.
These days a chicken leg is a rare dish.
Rice is often served in round bowls.
The juice of lemons makes fine punch.
The box was thrown beside the parked truck.
The hogs were fed chopped corn and garbage.
Four hours of steady work faced us.
A large size in stockings is hard to sell.
The boy was there when the sun rose.
A rod is used to catch pink salmon.
The source of the huge river is the clear spring.
Kick the ball straight and follow through.
Help the woman get back to her feet.
A pot of tea helps to pass the evening.
Smoky fires lack flame and heat.
The soft cushion broke the man's fall.
The salt breeze came across from the sea.
The girl at the booth sold fifty bonds.
The small pup gnawed a hole in the sock.
The fish twisted and turned on the bent hook.
Press the pants and sew a button on the vest.
The swan dive was far short of perfect.
The beauty of the view stunned the young boy.
Two blue fish swam in the tank.
Her purse was full of useless trash.
The colt reared and threw the tall rider.
It snowed, rained, and hailed the same morning.
Read verse out loud for pleasure.
Hoist the load to your left shoulder.
Take the winding path to reach the lake.
Note closely the size of the gas tank.
Wipe the grease off his dirty face.
Mend the coat before you go out.
The wrist was badly strained and hung limp.
The stray cat gave birth to kittens.
The young girl gave no clear response.
The meal was cooked before the bell rang.
What joy there is in living.
""".strip().splitlines()

NEWS = """
The city council voted on Tuesday to close two of its public libraries.
Heavy rain is expected in the north, with strong winds along the coast.
Shares of the company fell sharply after it reported a loss for the quarter.
Officials said that nobody was hurt when the train left the tracks.
The minister will meet leaders of the farmers before the end of the week.
Scientists have found a new kind of frog in the forests of the island.
Prices for bread and milk have risen faster than wages this year.
The home team won the match in the final minute of extra time.
A court has ordered the firm to pay for the damage to the river.
The bridge will stay closed to traffic until the middle of the month.
Students from three schools took part in the concert on Saturday night.
The president promised to send more doctors to villages in the south.
Police are asking for help in the search for a missing teacher.
The museum opens again on Friday after more than two years of repairs.
Voters will decide in the spring whether to build a second airport.
The storm left thousands of homes without power for several hours.
A small plane landed safely in a field near the old harbor.
The union and the owners of the mine have agreed on a new contract.
Researchers warn that the glacier is melting twice as fast as before.
Tickets for the festival were sold out in less than ten minutes.
""".strip().splitlines()

GERMAN = """
Der Stadtrat hat am Dienstag beschlossen, zwei Büchereien zu schließen.
Im Norden wird starker Regen erwartet, an der Küste auch Sturm.
Die Preise für Brot und Milch steigen schneller als die Löhne.
Niemand wurde verletzt, als der Zug aus den Gleisen sprang.
Die Brücke bleibt bis zur Mitte des Monats gesperrt.
Schüler aus drei Schulen sangen am Samstag beim Konzert.
Die Polizei sucht nach einem vermissten Lehrer.
Das Museum öffnet am Freitag wieder seine Türen.
Der Sturm ließ tausend Häuser ohne Strom zurück.
Ein kleines Flugzeug landete sicher auf einem Feld.
Die Forscher warnen, dass das Eis doppelt so schnell schmilzt.
Nach zehn Minuten waren alle Karten verkauft.
Das Gericht hat gegen die Firma entschieden.
Die Ministerin trifft am Ende der Woche die Bauern.
Im Frühling stimmen die Bürger über einen neuen Flughafen ab.
Auf dem Tisch stand eine Schale mit frischen Äpfeln.
Der alte Mann ging jeden Morgen durch den Park.
Wir haben gestern ein schönes Haus am See gesehen.
Kannst du mir bitte sagen, wie spät es ist?
Die Katze schläft am liebsten auf dem warmen Ofen.
""".strip().splitlines()
